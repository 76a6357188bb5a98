import { hasEnded, type RunState, type TargetState } from "../../engine/state.ts";

/** How many targets must have done their work before their times say anything about the others. */
const enough = 3;

/**
 * About how many milliseconds a run still takes: the work that is left, at the times that its jobs have taken so far, divided by
 * how many targets run now. Undefined while there is nothing to judge by; targets that wait for others may make it longer.
 */
export function estimateLeft(state: RunState, now: number): number | undefined {
  // Plain loops: this is done ten times a second, with thousands of targets.
  const all: Times = { sum: 0, count: 0 };
  const byJob = new Map<string, Times>();
  let running = 0;
  for (const target of state.targets.values()) {
    if (target.state === "running") running += 1;
    if (!didWork(target)) continue;
    const times = byJob.get(target.job) ?? { sum: 0, count: 0 };
    if (times.count === 0) byJob.set(target.job, times);
    for (const sum of [all, times]) {
      sum.sum += (target.endedAt ?? 0) - (target.startedAt ?? 0);
      sum.count += 1;
    }
  }
  if (all.count < enough || running === 0) return undefined;
  let work = 0;
  for (const target of state.targets.values()) {
    if (hasEnded(target)) continue;
    const { sum, count } = byJob.get(target.job) ?? all;
    work += Math.max(0, sum / count - (target.startedAt === null ? 0 : now - target.startedAt));
  }
  return work / running;
}

/** How long some targets took together. */
interface Times {
  sum: number;
  count: number;
}

/** A target that ran to its own end; what was skipped or cancelled took no time that says anything. */
function didWork(target: TargetState): boolean {
  return (
    (target.state === "succeeded" || target.state === "failed") && target.startedAt !== null && target.endedAt !== null
  );
}
