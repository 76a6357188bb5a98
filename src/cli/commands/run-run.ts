import type { CommandIo } from "../command-io.ts";
import type { RunOptions } from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu run WORKFLOW`. */
export async function runRun(_options: RunOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("run");
}
