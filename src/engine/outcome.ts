import { finallyKey, jobOf } from "./plan.ts";
import type { RunState, TargetState } from "./state.ts";

/** How a run ends, and why in words. */
export interface Outcome {
  readonly state: "succeeded" | "partial" | "failed" | "cancelled";
  readonly reason: string;
}

/**
 * The outcome of a run whose targets have all ended: cancelled if it was cancelled; failed if no target succeeded or a job
 * without `optional: true` had none succeed; partial if some target failed or was skipped because another did; else succeeded.
 * A target that its own `if` skipped counts as succeeded, and an optional repository or job never lowers the outcome.
 */
export function judgeRun(state: RunState): Outcome {
  if (state.state === "cancelling") return { state: "cancelled", reason: state.cause.reason };
  const { succeeded, total } = state.counts;
  if (succeeded === total && total > 0) return { state: "succeeded", reason: "every target succeeded" };
  const work = [...state.targets.values()].filter((target) => target.key !== finallyKey);
  const said = (target: TargetState): boolean => !isOptional(state, target);
  const bad = work.filter(isBad);
  const counted = bad.filter(said);
  if (counted.length === 0) {
    const last = state.targets.get(finallyKey);
    if (last !== undefined && isBad(last)) return { state: "partial", reason: "a step of finally failed" };
    if (work.length === 0) return { state: "succeeded", reason: "no repository was selected" };
    if (bad.length === 0) return { state: "succeeded", reason: "every target succeeded" };
    return { state: "succeeded", reason: `every target that counts succeeded; ${bad.length} optional did not` };
  }
  if (bad.length === work.length) return { state: "failed", reason: "no target succeeded" };
  const barren = state.plan.workflow.jobs.find((job) => {
    const mine = work.filter((target) => target.job === job.id);
    return mine.some(said) && mine.every(isBad);
  });
  if (barren !== undefined) return { state: "failed", reason: `no target of job ${barren.id} succeeded` };
  const failed = counted.filter((target) => target.state === "failed").length;
  const notDone = counted.length - failed;
  const parts = [...(failed > 0 ? [`${failed} failed`] : []), ...(notDone > 0 ? [`${notDone} not done`] : [])];
  return { state: "partial", reason: parts.join(", ") };
}

/** Failed, cancelled, or skipped for any reason but its own condition. */
export function isBad(target: TargetState): boolean {
  if (target.state === "skipped") return target.skipped !== "condition";
  return target.state !== "succeeded";
}

function isOptional(state: RunState, target: TargetState): boolean {
  const repository = target.repository === null ? undefined : state.plan.repositories[target.repository];
  return repository?.optional === true || jobOf(state.plan, target.job).optional;
}

/** How many targets are in which state, without the steps under `finally`, which are no part of the work. */
export function countWork({ counts, targets }: RunState): RunState["counts"] {
  const last = targets.get(finallyKey);
  if (last === undefined) return counts;
  return { ...counts, total: counts.total - 1, [last.state]: counts[last.state] - 1 };
}
