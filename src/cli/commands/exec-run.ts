import type { CommandIo } from "../command-io.ts";
import type { ExecOptions } from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu exec -- COMMAND...`. */
export async function runExec(_options: ExecOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("exec");
}
