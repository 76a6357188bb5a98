import type { Job, Step } from "../workflows/types.ts";
import type { StepState, TargetState } from "./state.ts";

/** A step with its state. */
export interface StepAt {
  readonly step: Step;
  readonly state: StepState;
}

/** The first step of a target that is not over, or null when all are. */
export function findNextStep(job: Job, target: TargetState): StepAt | null {
  for (let at = 0; at < target.steps.length; at += 1) {
    const state = target.steps[at] as StepState;
    if (!isSettled(state)) return { step: job.steps[at] as Step, state };
  }
  return null;
}

/** The first step that failed and was not allowed to, or null. */
export function findFailedStep(job: Job, target: TargetState): StepState | null {
  for (let at = 0; at < target.steps.length; at += 1) {
    const state = target.steps[at] as StepState;
    if (state.state === "failed" && !isForgiven(job, at)) return state;
  }
  return null;
}

/**
 * The place of the step at which a target that is done again begins: the first that ended badly or was not done, so that no step
 * which succeeded before it runs twice; 0 when there is none, as in a target whose outputs failed.
 */
export function findRetryStep(job: Job, target: TargetState): number {
  const at = target.steps.findIndex(({ state }, index) => {
    return state !== "succeeded" && state !== "skipped" && !(state === "failed" && isForgiven(job, index));
  });
  return Math.max(0, at);
}

function isSettled({ state }: StepState): boolean {
  return state === "succeeded" || state === "failed" || state === "skipped" || state === "cancelled";
}

function isForgiven(job: Job, at: number): boolean {
  return job.steps[at]?.continueOnError === true;
}
