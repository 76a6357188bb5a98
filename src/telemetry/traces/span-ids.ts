import { randomUUID } from "node:crypto";
import { spanIdOf } from "../../lib/trace-context.ts";

/**
 * The ids of the spans of a run. They are made from names alone, so that every process that works on the run makes the same; the
 * one of an attempt is that in the `traceparent` of its processes.
 */
export function runSpanId(runId: string, round: number): string {
  // No job and no target has an empty name.
  return round === 1 ? spanIdOf(runId) : spanIdOf(runId, "", "", String(round));
}

/** Of a job, in one round of its run. */
export function jobSpanId(runId: string, runRound: number, job: string): string {
  return spanIdOf(runId, "", job, String(runRound));
}

/** Of a target, in one of its rounds. */
export function targetSpanId(runId: string, target: string, round: number): string {
  return round === 1 ? spanIdOf(runId, target) : spanIdOf(runId, target, "", String(round));
}

/** Of a step, in one round of its target. */
export function stepSpanId(runId: string, target: string, round: number, step: string): string {
  return round === 1 ? spanIdOf(runId, target, step) : spanIdOf(runId, target, step, "", String(round));
}

/** Of an attempt; they are counted over all rounds. */
export function attemptSpanId(runId: string, target: string, step: string, attempt: number): string {
  return spanIdOf(runId, target, step, String(attempt));
}

/** One that is sent by this process alone, of 64 random bits: the first 32 and the last ones of a UUID, which comes out of a pool. */
export function newSpanId(): string {
  const digits = randomUUID();
  return digits.slice(0, 8) + digits.slice(-8);
}
