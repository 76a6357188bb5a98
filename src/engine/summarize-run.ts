import type { RunSummary } from "./contract.ts";
import type { RunState } from "./state.ts";

/** What a report says about a run. */
export function summarizeRun(state: RunState): RunSummary {
  const between = (from: number | null | undefined, to: number | null | undefined): number | null =>
    from === null || from === undefined || to === null || to === undefined ? null : to - from;
  return {
    runId: state.id,
    workflow: state.plan.workflow.name,
    startedAt: state.startedAt,
    targets: [...state.targets.values()].map((target) => ({
      job: target.job,
      repository: target.repository,
      state: target.state,
      reason: target.cause.reason,
      durationMs: between(target.startedAt, target.endedAt),
      steps: target.steps.map((step) => ({
        id: step.id,
        state: step.state,
        durationMs: between(step.attempts[0]?.startedAt, step.attempts.at(-1)?.endedAt),
      })),
    })),
  };
}
