import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { idleWorkflow, openBenchWorkspace, runOnce, time } from "./bench-workspace.ts";

const steps = 10;

/** Runs of ten steps and of one, taking turns; what is between them is the cost of nine steps. */
export async function openStepCost(context: CheckContext): Promise<BenchmarkBody> {
  const workspace = await openBenchWorkspace(context, await context.stateScratch("bw2"), {
    repositories: [],
    workflows: { one: idleWorkflow(1), many: idleWorkflow(steps) },
  });
  return {
    sample: async () => {
      const many = await time(async () => await runOnce(workspace.app, "many"));
      const one = await time(async () => await runOnce(workspace.app, "one"));
      return (many - one) / (steps - 1);
    },
    [Symbol.asyncDispose]: async () => await workspace[Symbol.asyncDispose](),
  };
}
