import type { CommandIo } from "../command-io.ts";
import type { ConfigShowOptions } from "../command-options.ts";
import type { GlobalOptions } from "../global-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu config show`. */
export async function runConfigShow(_options: ConfigShowOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("config show");
}

/** `mahavishnu config validate`. */
export async function runConfigValidate(_options: GlobalOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("config validate");
}

/** `mahavishnu config schema`. */
export async function runConfigSchema(_options: GlobalOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("config schema");
}
