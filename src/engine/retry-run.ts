import { didYouMean } from "../lib/suggest.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { isBad } from "./outcome.ts";
import { finallyKey } from "./plan.ts";
import { hasEnded, type RunState } from "./state.ts";

/** What to do again; all that did not succeed when nothing is named. */
export interface RetryChoice {
  readonly repositories?: readonly string[];
  /** Begin at this step, also where it has succeeded. */
  readonly fromStep?: string;
}

/**
 * The targets of a run that is over which are done again, each from its first step that did not succeed: those that ended badly,
 * and `finally`, which closes every round.
 *
 * @throws MahavishnuError RUN_STATE when the run is not over or nothing is left to do; USAGE for an unknown repository or step.
 */
export function chooseRetries(state: RunState, choice: RetryChoice): { key: string; fromStep: string | null }[] {
  if (state.endedAt === null)
    throw new MahavishnuError("RUN_STATE", `run ${state.id} is not over`, {
      fix: `Continue it with \`mahavishnu runs resume ${state.id}\`.`,
    });
  const known = Object.keys(state.plan.repositories);
  for (const name of choice.repositories ?? []) {
    if (!known.includes(name))
      throw new MahavishnuError("USAGE", `run ${state.id} has no repository "${name}"`, {
        fix: didYouMean(name, known),
      });
  }
  const { fromStep } = choice;
  const steps = [...new Set(state.plan.workflow.jobs.flatMap((job) => job.steps.map((step) => step.id)))];
  if (fromStep !== undefined && !steps.includes(fromStep)) {
    throw new MahavishnuError("USAGE", `the workflow has no step "${fromStep}"`, { fix: didYouMean(fromStep, steps) });
  }
  const chosen = [...state.targets.values()].filter((target) => {
    if (target.key === finallyKey || !hasEnded(target)) return false;
    const named =
      choice.repositories === undefined ||
      (target.repository !== null && choice.repositories.includes(target.repository));
    const wanted =
      isBad(target) ||
      (fromStep !== undefined &&
        choice.repositories !== undefined &&
        target.steps.some((step) => step.id === fromStep));
    return named && wanted;
  });
  if (chosen.length === 0) throw new MahavishnuError("RUN_STATE", `nothing of run ${state.id} is left to do again`);
  const keys = chosen.map((target) => ({
    key: target.key,
    fromStep: target.steps.some((step) => step.id === fromStep) ? (fromStep ?? null) : null,
  }));
  return state.targets.has(finallyKey) ? [...keys, { key: finallyKey, fromStep: null }] : keys;
}
