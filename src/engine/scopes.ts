import type { Job } from "../workflows/types.ts";
import type { Checkouts } from "./checkouts.ts";
import type { Ending } from "./ending.ts";
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
  readonly jobs: ReadonlyMap<string, Job>;
  readonly plannedTargets: ReadonlyMap<string, PlannedTarget>;
  /** Ends when running steps are to be killed without grace. */
  readonly hurry: Ending;
  /** `.mahavishnu/runs/ID` */
  readonly runFolder: string;
}

/** One target while it is executed. */
export interface TargetScope {
  readonly run: RunScope;
  readonly planned: PlannedTarget;
  readonly repository: PlannedRepository | null;
  readonly job: Job;
  readonly target: TargetState;
  readonly texts: TargetTexts;
  /** Ends when the target must. */
  readonly end: Ending;
  /** Where its steps work; null in a job without a sweep. */
  folder: string | null;
}

/** How an attempt ended, before anybody decided about another one. */
export type AttemptResult = Omit<StepEnd, "attempt" | "retryAt"> & { readonly reason: string };

/** What an attempt needs besides its target. */
export interface AttemptScope extends TargetScope {
  readonly at: StepAt;
  readonly number: number;
  /** Output of the step, relative to the run's folder, without an ending. */
  readonly fileBase: string;
  /** Ends when the attempt must. */
  readonly endAttempt: Ending;
}
