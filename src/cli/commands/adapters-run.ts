import type { CommandIo } from "../command-io.ts";
import type { AdaptersHealthOptions } from "../command-options.ts";
import type { GlobalOptions } from "../global-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu adapters list`. */
export async function runAdaptersList(_options: GlobalOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("adapters list");
}

/** `mahavishnu adapters health [NAME]`. */
export async function runAdaptersHealth(_options: AdaptersHealthOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("adapters health");
}
