import type { Job } from "../workflows/types.ts";
import type { Checkouts } from "./checkouts.ts";
import type { EngineParts } from "./engine-parts.ts";
import type { StepEnd } from "./events.ts";
import type { StepAt } from "./next-step.ts";
import type { PlannedRepository, PlannedTarget } from "./plan.ts";
import type { RunWriter } from "./run-writer.ts";
import type { TargetState } from "./state.ts";
import type { TargetTexts } from "./target-texts.ts";

/** What the targets of one run share. */
export interface RunScope {
  readonly parts: EngineParts;
  readonly writer: RunWriter;
  readonly checkouts: Checkouts;
  readonly plannedTargets: ReadonlyMap<string, PlannedTarget>;
  /** Aborted when running steps are to be killed without grace. */
  readonly hurry: AbortSignal;
}

/** One target while it is executed. */
export interface TargetScope extends RunScope {
  readonly planned: PlannedTarget;
  readonly repository: PlannedRepository | null;
  readonly job: Job;
  readonly target: TargetState;
  readonly texts: TargetTexts;
  /** Aborted with an `Interruption` when the target must end. */
  readonly end: AbortSignal;
  /** Where its steps work; null in a job without a sweep. */
  folder: string | null;
}

/** How an attempt ended, before anybody decided about another one. */
export type AttemptResult = Omit<StepEnd, "attempt" | "retryAt"> & { readonly reason: string };

/** What an attempt needs besides its target. */
export interface AttemptScope extends TargetScope {
  readonly at: StepAt;
  readonly number: number;
  /** `RUN/TARGET/STEP`: the same for all attempts of a step in one round. */
  readonly idempotencyKey: string;
  /** Output of the step, relative to the run's folder, without an ending. */
  readonly fileBase: string;
  readonly runFolder: string;
  /** Values to be masked in everything the step prints. */
  readonly secretValues: readonly string[];
  /** Aborted with an `Interruption` when the attempt must end. */
  readonly endAttempt: AbortSignal;
}
