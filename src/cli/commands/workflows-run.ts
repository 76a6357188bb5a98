import type { CommandIo } from "../command-io.ts";
import type { WorkflowsShowOptions, WorkflowsValidateOptions } from "../command-options.ts";
import type { GlobalOptions } from "../global-options.ts";
import { refuseNotBuilt } from "../refuse-not-built.ts";

/** `mahavishnu workflows list`. */
export async function runWorkflowsList(_options: GlobalOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("workflows list");
}

/** `mahavishnu workflows show NAME`. */
export async function runWorkflowsShow(_options: WorkflowsShowOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("workflows show");
}

/** `mahavishnu workflows validate [FILE...]`. */
export async function runWorkflowsValidate(_options: WorkflowsValidateOptions, _io: CommandIo): Promise<number> {
  return refuseNotBuilt("workflows validate");
}
