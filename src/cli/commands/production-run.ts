import type { CommandIo } from "../command-io.ts";
import type { ProductionExplainOptions, ProductionOptions } from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu production check-config|run-integration-tests|run-benchmarks|run-all-tests`. */
export async function runProductionSuite(options: ProductionOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt(`production ${options.suite}`);
}

/** `mahavishnu production explain ID`. */
export async function runProductionExplain(_options: ProductionExplainOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("production explain");
}
