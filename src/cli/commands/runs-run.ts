import type { CommandIo } from "../command-io.ts";
import type {
  OneRunOptions,
  RunsCancelOptions,
  RunsListOptions,
  RunsLogsOptions,
  RunsResumeOptions,
  RunsRetryOptions,
} from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu runs list`. */
export async function runRunsList(_options: RunsListOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs list");
}

/** `mahavishnu runs show ID`. */
export async function runRunsShow(_options: OneRunOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs show");
}

/** `mahavishnu runs logs ID`. */
export async function runRunsLogs(_options: RunsLogsOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs logs");
}

/** `mahavishnu runs watch ID`. */
export async function runRunsWatch(_options: OneRunOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs watch");
}

/** `mahavishnu runs cancel ID`. */
export async function runRunsCancel(_options: RunsCancelOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs cancel");
}

/** `mahavishnu runs resume [ID]`. */
export async function runRunsResume(_options: RunsResumeOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs resume");
}

/** `mahavishnu runs retry ID`. */
export async function runRunsRetry(_options: RunsRetryOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("runs retry");
}
