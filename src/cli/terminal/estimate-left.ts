import { hasEnded, type RunState, type TargetState } from "../../engine/state.ts";

/** How many targets must have done their work before their times say anything about the others. */
const enough = 3;

/**
 * About how many milliseconds a run still takes: the work that is left, at the times that its jobs have taken so far, divided by
 * how many targets run now. Undefined while there is nothing to judge by; targets that wait for others may make it longer.
 */
export function estimateLeft(state: RunState, now: number): number | undefined {
  const targets = [...state.targets.values()];
  const times = Map.groupBy(targets.filter(didWork), ({ job }) => job);
  const running = targets.filter((target) => target.state === "running");
  const done = [...times.values()].reduce((sum, list) => sum + list.length, 0);
  if (done < enough || running.length === 0) return undefined;
  const all = mean([...times.values()].flat());
  let work = 0;
  for (const target of targets) {
    if (hasEnded(target)) continue;
    const usual = times.has(target.job) ? mean(times.get(target.job) ?? []) : all;
    work += Math.max(0, usual - (target.startedAt === null ? 0 : now - target.startedAt));
  }
  return work / running.length;
}

/** A target that ran to its own end; what was skipped or cancelled took no time that says anything. */
function didWork(target: TargetState): boolean {
  return (
    (target.state === "succeeded" || target.state === "failed") && target.startedAt !== null && target.endedAt !== null
  );
}

function mean(targets: readonly TargetState[]): number {
  const sum = targets.reduce((total, { startedAt, endedAt }) => total + ((endedAt ?? 0) - (startedAt ?? 0)), 0);
  return targets.length === 0 ? 0 : sum / targets.length;
}
