import type { CommandIo } from "../command-io.ts";
import type { ReposCheckOptions, ReposScanOptions, ReposSelectOptions } from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu repos list`. */
export async function runReposList(_options: ReposSelectOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("repos list");
}

/** `mahavishnu repos check`. */
export async function runReposCheck(_options: ReposCheckOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("repos check");
}

/** `mahavishnu repos graph`. */
export async function runReposGraph(_options: ReposSelectOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("repos graph");
}

/** `mahavishnu repos scan DIR`. */
export async function runReposScan(_options: ReposScanOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("repos scan");
}
