import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { idleWorkflow, openBenchWorkspace, runOnce, time } from "./bench-workspace.ts";

/** Runs of one step that does nothing, one after the other. */
export async function openWorkflowSpeed(context: CheckContext): Promise<BenchmarkBody> {
  const workspace = await openBenchWorkspace(context, await context.stateScratch("bw1"), {
    repositories: [],
    workflows: { idle: idleWorkflow(1) },
  });
  return {
    sample: async () => await time(async () => await runOnce(workspace.app, "idle")),
    [Symbol.asyncDispose]: async () => await workspace[Symbol.asyncDispose](),
  };
}
