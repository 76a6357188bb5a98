import type { RetryRule } from "../workflows/types.ts";
import type { AttemptFailure } from "./state.ts";

/** A retry rule without gaps. */
export interface FullRetryRule {
  readonly attempts: number;
  readonly backoff: "exponential" | "fixed";
  readonly firstMs: number;
  readonly maxMs: number;
  readonly when: readonly AttemptFailure[];
}

/** `limits.retry` of the configuration. */
export type RetryDefaults = Omit<FullRetryRule, "when">;

/**
 * The rule of a step: its own, else its job's, gaps filled from the configuration. A rule that somebody wrote tries every failure
 * again unless it says which; without one only time-outs and failures of the machine or network are tried again, since a command
 * that says no will most likely say it again.
 */
export function completeRule(
  step: RetryRule | undefined,
  job: RetryRule | undefined,
  defaults: RetryDefaults,
): FullRetryRule {
  const rule = step ?? job;
  return {
    attempts: rule?.attempts ?? defaults.attempts,
    backoff: rule?.backoff ?? defaults.backoff,
    firstMs: rule?.firstMs ?? defaults.firstMs,
    maxMs: rule?.maxMs ?? defaults.maxMs,
    when: rule?.when ?? (rule === undefined ? ["timeout", "infrastructure"] : ["exit", "timeout", "infrastructure"]),
  };
}

/**
 * Milliseconds before attempt number `attempt + 1`: doubling from `firstMs` up to `maxMs`, of which a random quarter is taken off
 * so that targets that failed together do not come back together.
 *
 * @param random from 0 to 1
 */
export function waitBeforeRetry(rule: FullRetryRule, attempt: number, random: number): number {
  const full = rule.backoff === "fixed" ? rule.firstMs : rule.firstMs * 2 ** Math.min(attempt - 1, 40);
  return Math.round(Math.min(full, rule.maxMs) * (1 - 0.25 * random));
}

/** Whether a failure is tried again. `made` counts this round's attempts, the failed one included. */
export function triesAgain(rule: FullRetryRule, failure: AttemptFailure, made: number): boolean {
  return made < rule.attempts && rule.when.includes(failure);
}
