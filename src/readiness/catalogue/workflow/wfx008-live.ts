import { measureConcurrency } from "../../acting/measure-concurrency.ts";
import { isOutcome } from "../../acting/measure-once.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Judges how many of many runs were at work at once. */
export async function keepRunLimit(context: CheckContext): Promise<Outcome> {
  const seen = await measureConcurrency(context);
  if (isOutcome(seen)) return seen;
  const { configured, measured, started, mostAtOnce } = seen;
  const instead = measured === configured ? "" : ` (a check goes no further; ${configured} is configured)`;
  const counts = { expected: `at most ${measured} at once`, observed: `${mostAtOnce} at once` };
  if (mostAtOnce > measured) {
    return { status: "fail", reason: `of ${started} runs, more than ${measured} were at work at once`, ...counts };
  }
  return {
    status: "pass",
    reason: `of ${started} runs, ${mostAtOnce} were at work at once, and all succeeded${instead}`,
    ...counts,
  };
}
