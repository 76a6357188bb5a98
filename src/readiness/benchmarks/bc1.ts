import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { idleWorkflow, openBenchWorkspace, runOnce, time } from "./bench-workspace.ts";

/** How many runs there are for each that may execute at once. */
const rounds = 5;

/** Five times as many runs as may execute at once, all asked for at the same moment. */
export async function openConcurrentRuns(context: CheckContext): Promise<BenchmarkBody> {
  const { limits } = (await context.config()).config;
  const workspace = await openBenchWorkspace(context, await context.stateScratch("bc1"), {
    repositories: [],
    workflows: { idle: idleWorkflow(1) },
  });
  const runs = rounds * limits.maxConcurrentWorkflows;
  return {
    sample: async () =>
      await time(async () => await Promise.all(Array.from({ length: runs }, () => runOnce(workspace.app, "idle")))),
    [Symbol.asyncDispose]: async () => await workspace[Symbol.asyncDispose](),
  };
}
