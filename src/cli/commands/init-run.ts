import type { CommandIo } from "../command-io.ts";
import type { InitOptions } from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu init [DIR]`. */
export async function runInit(_options: InitOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("init");
}
