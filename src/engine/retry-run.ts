import { didYouMean } from "../lib/suggest.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { usesWorktree } from "./checkouts.ts";
import { findRetryStep } from "./next-step.ts";
import { isBad } from "./outcome.ts";
import { finallyKey, jobOf } from "./plan.ts";
import { type RunState, type TargetState } from "./state.ts";

/** What to do again; all that did not succeed when nothing is named. */
export interface RetryChoice {
  readonly repositories?: readonly string[];
  /** Begin at this step, in named repositories also where it has succeeded. */
  readonly fromStep?: string;
}

/** A target to be done again; from its first step that ended badly when no step is named. */
export interface RetriedTarget {
  readonly key: string;
  readonly fromStep: string | null;
}

/**
 * The targets of a run that is over which are done again, each from its first step that did not succeed: those that ended badly,
 * and `finally`, which closes every round. Where a target begins anew from its first step by name, its repository gets a new
 * worktree, so that all jobs which work there begin anew.
 *
 * @throws MahavishnuError RUN_STATE when the run is not over or nothing is left to do; USAGE for an unknown repository or step.
 */
export function chooseRetries(state: RunState, choice: RetryChoice): RetriedTarget[] {
  refuseUnknown(state, choice);
  const { fromStep, repositories } = choice;
  const work = [...state.targets.values()].filter((target) => target.key !== finallyKey);
  const isNamed = ({ repository }: TargetState): boolean =>
    repositories === undefined || (repository !== null && repositories.includes(repository));
  const hasStep = (target: TargetState): boolean => target.steps.some((step) => step.id === fromStep);
  const chosen = work.filter(
    (target) => isNamed(target) && (isBad(target) || (repositories !== undefined && hasStep(target))),
  );
  const beginAt = new Map(chosen.map((target) => [target.key, earliestStep(state, target, fromStep)] as const));
  const renewed = new Set(
    chosen
      .filter((target) => fromStep !== undefined && target.steps[0]?.id === fromStep && usesWorktree(state, target))
      .map((target) => target.repository),
  );
  for (const target of work) {
    if (usesWorktree(state, target) && renewed.has(target.repository))
      beginAt.set(target.key, target.steps[0]?.id ?? null);
  }
  const last = state.targets.get(finallyKey);
  if (beginAt.size === 0 && (repositories !== undefined || last === undefined || !isBad(last))) {
    throw new MahavishnuError("RUN_STATE", `nothing of run ${state.id} is left to do again`);
  }
  const retried = work
    .filter((target) => beginAt.has(target.key))
    .map(({ key }) => ({ key, fromStep: beginAt.get(key) ?? null }));
  return last === undefined ? retried : [...retried, { key: finallyKey, fromStep: last.steps[0]?.id ?? null }];
}

function refuseUnknown(state: RunState, { repositories = [], fromStep }: RetryChoice): void {
  if (state.endedAt === null) {
    const fix = `Continue it with \`mahavishnu runs resume ${state.id}\`.`;
    throw new MahavishnuError("RUN_STATE", `run ${state.id} is not over`, { fix });
  }
  const known = Object.keys(state.plan.repositories);
  for (const name of repositories) {
    if (known.includes(name)) continue;
    throw new MahavishnuError("USAGE", `run ${state.id} has no repository "${name}"`, { fix: didYouMean(name, known) });
  }
  const steps = [...new Set(state.plan.workflow.jobs.flatMap((job) => job.steps.map((step) => step.id)))];
  if (fromStep !== undefined && !steps.includes(fromStep)) {
    const fix = didYouMean(fromStep, steps);
    throw new MahavishnuError("USAGE", `the workflow has no step "${fromStep}"`, { fix });
  }
}

/** The named step, or the one that ended badly before it: a step cannot be begun over an earlier one that is not done. */
function earliestStep(state: RunState, target: TargetState, fromStep: string | undefined): string | null {
  const named = target.steps.findIndex((step) => step.id === fromStep);
  if (named === -1) return null;
  return named <= findRetryStep(jobOf(state.plan, target.job), target) || !isBad(target) ? (fromStep ?? null) : null;
}
