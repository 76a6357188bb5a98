import { runCalls } from "../lib/calls.ts";
import type { RunState, TargetState } from "./state.ts";

/** What work is about: a run, one of its targets, or an attempt of one of the target's steps. */
export interface WorkPlace {
  readonly run: RunState;
  readonly target?: TargetState;
  readonly step?: string;
  readonly attempt?: number;
}

/**
 * Does the work, and says on the channel of runs what it is about: what git and the store are called for meanwhile is then known to
 * belong to it. While nobody listens it is the work and nothing else.
 */
export function traceWork<T>({ run, target, step, attempt }: WorkPlace, work: () => Promise<T>): Promise<T> {
  if (!runCalls.hasSubscribers) return work();
  const { id: runId, round: runRound, traceparent } = run;
  return runCalls.tracePromise(work, {
    runId,
    runRound,
    ...(traceparent === undefined ? {} : { traceparent }),
    ...(target === undefined ? {} : { target: target.key, round: target.round }),
    ...(step === undefined ? {} : { step }),
    ...(attempt === undefined ? {} : { attempt }),
  });
}
