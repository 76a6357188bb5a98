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
 * A target that its own `if` skipped counts as succeeded, and an optional repository never lowers the outcome.
 */
export function judgeRun(state: RunState): Outcome {
  if (state.state === "cancelling") return { state: "cancelled", reason: state.cause.reason };
  const targets = [...state.targets.values()];
  const work = targets.filter((target) => target.key !== finallyKey);
  const said = (target: TargetState): boolean => !isOptional(state, target);
  const bad = work.filter((target) => isBad(target) && said(target));
  const clearedUp = targets.every((target) => target.key !== finallyKey || !isBad(target));
  if (bad.length === 0) {
    if (!clearedUp) return { state: "partial", reason: "a step of finally failed" };
    return { state: "succeeded", reason: work.length === 0 ? "no repository was selected" : "every target succeeded" };
  }
  if (!work.some((target) => !isBad(target))) return { state: "failed", reason: "no target succeeded" };
  const barren = state.plan.workflow.jobs.find((job) => {
    const mine = work.filter((target) => target.job === job.id);
    return !job.optional && mine.some(said) && mine.every(isBad);
  });
  if (barren !== undefined) return { state: "failed", reason: `no target of job ${barren.id} succeeded` };
  const failed = bad.filter((target) => target.state === "failed").length;
  return { state: "partial", reason: `${failed} failed, ${bad.length - failed} not done because of them` };
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
