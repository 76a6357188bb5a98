import type { TargetState } from "./state.ts";

/** `RUN/TARGET/STEP`: the same for all attempts of a step. */
export function idempotencyKeyOf(runId: string, target: Pick<TargetState, "key">, stepId: string): string {
  return `${runId}/${target.key}/${stepId}`;
}

/** Where an attempt's files lie, relative to the run's folder, without an ending: `JOB/REPOSITORY/STEP.ATTEMPT`. */
export function attemptFileBase(
  target: Pick<TargetState, "job" | "repository">,
  stepId: string,
  attempt: number,
): string {
  return `${target.job}/${target.repository ?? "once"}/${stepId}.${attempt}`;
}

/** What every process of one attempt carries in its environment, also one that left the process group. */
export interface AttemptMark {
  readonly idempotencyKey: string;
  /** How the path in MAHAVISHNU_OUTPUT ends: tells attempts of one step apart. */
  readonly outputsFile: string;
}

/** The mark of an attempt. */
export function markOf(runId: string, target: TargetState, stepId: string, attempt: number): AttemptMark {
  return {
    idempotencyKey: idempotencyKeyOf(runId, target, stepId),
    outputsFile: `${attemptFileBase(target, stepId, attempt)}.outputs`,
  };
}
