import type { CheckContext } from "../context.ts";
import type { BenchmarkBody } from "../definition.ts";
import { idleWorkflow, openBenchWorkspace, runOnce } from "./bench-workspace.ts";
import { measureRate, warmUpRate } from "./measure-rate.ts";

const warmUp = { windowMs: 500, mostMs: 2_000 };
/** A window is told in slices, so that three windows give enough samples for an interval. */
const slices = 4;
const sliceMs = 1_000;
/** The long form takes four times as many windows; with slices of this length they are three of a minute each. */
const thoroughSliceMs = 3_750;

/** Keeps as many runs going as may execute at once. */
export async function openWorkflowThroughput(context: CheckContext): Promise<BenchmarkBody> {
  const { limits } = (await context.config()).config;
  const workspace = await openBenchWorkspace(context, await context.stateScratch("bt1"), {
    repositories: [],
    workflows: { idle: idleWorkflow(1) },
  });
  return {
    sample: async (signal, isWarmUp) => {
      const load = {
        work: async () => await runOnce(workspace.app, "idle"),
        workers: limits.maxConcurrentWorkflows,
        signal,
      };
      if (isWarmUp) return await warmUpRate(load, warmUp);
      const rates = await measureRate({ ...load, sliceMs: context.thorough ? thoroughSliceMs : sliceMs, slices });
      return rates.map((rate) => rate * 60);
    },
    [Symbol.asyncDispose]: async () => await workspace[Symbol.asyncDispose](),
  };
}
