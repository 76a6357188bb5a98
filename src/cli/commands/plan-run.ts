import type { CommandIo } from "../command-io.ts";
import type { PlanOptions } from "../command-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu plan WORKFLOW`. */
export async function runPlan(_options: PlanOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("plan");
}
