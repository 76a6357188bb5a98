import type { Job, Step } from "../workflows/types.ts";
import type { StepState, TargetState } from "./state.ts";

/** A step with its state. */
export interface StepAt {
  readonly step: Step;
  readonly state: StepState;
}

const settled = new Set<StepState["state"]>(["succeeded", "failed", "skipped", "cancelled"]);

/** The first step of a target that is not over, or null when all are. */
export function findNextStep(job: Job, target: TargetState): StepAt | null {
  const at = target.steps.findIndex((step) => !settled.has(step.state));
  const step = job.steps[at];
  const state = target.steps[at];
  return step === undefined || state === undefined ? null : { step, state };
}

/** The first step that failed and was not allowed to, or null. */
export function findFailedStep(job: Job, target: TargetState): StepState | null {
  return (
    target.steps.find((step, index) => step.state === "failed" && job.steps[index]?.continueOnError !== true) ?? null
  );
}
