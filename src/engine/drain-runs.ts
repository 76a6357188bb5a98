import { setTimeout as delay } from "node:timers/promises";
import type { Conductor } from "./conduct-run.ts";
import { isOver, type RunState } from "./state.ts";

/** A run that goes on in this process. */
export interface ActiveRun {
  readonly conductor: Conductor;
  readonly done: Promise<RunState>;
}

/**
 * Lets runs that have begun end for at most `ms`; what waits for a slot is released at once, and the rest by `release` when the time
 * is up, or somebody else has released it before. Resolves with the ids of those that were left to others.
 */
export async function drainRuns(
  active: readonly ActiveRun[],
  ms: number,
  release: () => Promise<readonly string[]>,
): Promise<readonly string[]> {
  for (const { conductor } of active) if (conductor.state.state === "queued") conductor.release();
  const ends = Promise.allSettled(active.map(({ done }) => done));
  const time = new AbortController();
  const timeIsUp = delay(ms, undefined, { signal: time.signal }).catch(() => undefined);
  await Promise.race([timeIsUp, ends]);
  time.abort();
  const late = await release();
  const left = (await ends).flatMap((end) => {
    return end.status === "fulfilled" && !isOver(end.value.state) ? [end.value.id] : [];
  });
  return [...new Set([...left, ...late])];
}
