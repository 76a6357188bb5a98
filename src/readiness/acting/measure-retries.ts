import type { CheckContext } from "../context.ts";
import { followRun } from "./follow-run.ts";
import { type Measured, measureOnce } from "./measure-once.ts";
import { makeOutside } from "./outside.ts";
import type { EventLine } from "./run-document.ts";
import { expectMet, expectSame } from "./unmet.ts";
import type { Limits } from "./user-config.ts";

/** What was seen of retries. */
export interface RetryMeasurement {
  /** Attempts in all that the configuration allows. */
  readonly configured: number;
  /** Attempts of a step that never succeeds; null when there would be too many to wait for. */
  readonly exhausted: number | null;
  /** Milliseconds of all waits that were seen, in order. */
  readonly waits: readonly number[];
  /** By how much the configured waits were divided, so that nobody has to sit through them; 1 when they were not. */
  readonly shortened: number;
}

/** All waits of a probe together take at most about this long. */
const patienceMs = 2_500;
/** A step that never succeeds is tried to the end only up to this many attempts. */
const mostAttempts = 6;
const samples = ["a", "b", "c", "d"];
/** A busy machine may begin an attempt late; never early. */
const lateMs = 5_000;
/** Times are told in whole milliseconds. */
const roundingMs = 2;
/** Below this, rounding hides the jitter. */
const visibleMs = 20;

type Rule = Limits["retry"];

/** The full wait before attempt `number + 1`. */
function fullWait({ backoff, first, max }: Rule, number: number): number {
  return Math.min(backoff === "fixed" ? first : first * 2 ** (number - 1), max);
}

function shorten(rule: Rule, attempts: number): { readonly rule: Rule; readonly by: number } {
  let total = 0;
  for (let number = 1; number < attempts; number += 1) total += fullWait(rule, number);
  const by = Math.max(1, total / patienceMs);
  return { rule: { ...rule, first: Math.round(rule.first / by), max: Math.round(rule.max / by) }, by };
}

/**
 * Lets steps fail twice and then pass, and one fail for ever, under the retry rule of the user. Several checks take its word,
 * so it is done once.
 */
export async function measureRetries(context: CheckContext): Promise<Measured<RetryMeasurement>> {
  return await measureOnce(context, "retries", async (act) => {
    const configured = (await context.config()).config.limits.retry;
    const untilEnd = configured.attempts <= mostAttempts;
    const { rule, by } = shorten(configured, Math.max(untilEnd ? configured.attempts : 0, 3));
    const outside = await makeOutside(act.scratch);
    const job = (name: string, run: string): object => ({
      env: { ...outside.env, NAME: name },
      steps: [{ id: "try", run: `echo attempt >> "$OUTSIDE/$NAME"; ${run}`, retry: { when: ["exit"] } }],
    });
    const third = '[ "$(wc -l < "$OUTSIDE/$NAME")" -ge 3 ]';
    const workspace = await act.workspace({
      repositories: [],
      limits: { retry: rule },
      workflows: {
        retrying: {
          jobs: {
            ...Object.fromEntries(samples.map((name) => [name, job(name, third)])),
            ...(untilEnd ? { never: job("never", "exit 1") } : {}),
          },
        },
      },
    });
    const followed = await followRun(act, workspace, ["run", "retrying"]);
    const { run } = await followed.end();
    const allowed = Math.min(3, rule.attempts);
    for (const name of samples) {
      const target = run.targets.find(({ key }) => key === name);
      const attempts = target?.steps[0]?.attempts.length;
      const counted = (await outside.lines(name)).length;
      expectSame(
        [attempts, counted],
        [allowed, allowed],
        "a step that fails twice was not tried as often as configured",
      );
      const state = rule.attempts >= 3 ? "succeeded" : "failed";
      expectMet(target?.state === state, `a step that passes the third time ended as ${target?.state}`, {
        expected: state,
      });
    }
    const exhausted = untilEnd ? (await outside.lines("never")).length : null;
    return { configured: rule.attempts, exhausted, waits: judgeWaits(followed.events, rule), shortened: by };
  });
}

/**
 * Every wait as it was kept, in milliseconds, once it was compared with the rule and with how it was planned.
 *
 * @throws Unmet
 */
export function judgeWaits(events: readonly EventLine[], rule: Rule): readonly number[] {
  const waits: number[] = [];
  const shares = new Set<number>();
  const failures = events.filter(({ type, data }) => type === "step.finished" && data.state === "failed");
  for (const { time, data } of failures) {
    const { target, attempt = 0, retryAt } = data;
    if (retryAt === null || retryAt === undefined) continue;
    const next = events.find(
      (event) => event.type === "step.started" && event.data.target === target && event.data.attempt === attempt + 1,
    );
    expectMet(next !== undefined, `attempt ${attempt + 1} of ${target} was planned and never began`);
    const full = fullWait(rule, attempt);
    const planned = retryAt - Date.parse(time);
    const kept = Date.parse(next.time) - Date.parse(time);
    const bounds = `${Math.round(0.75 * full)} to ${full} ms`;
    const inBounds = planned >= 0.75 * full - roundingMs && planned <= full + roundingMs;
    expectMet(inBounds, `the wait after attempt ${attempt} is not the configured one`, {
      expected: bounds,
      observed: `${planned} ms`,
    });
    expectMet(
      kept >= planned - roundingMs && kept <= full + lateMs,
      `attempt ${attempt + 1} did not begin when it was due`,
      {
        expected: `after ${planned} ms`,
        observed: `after ${kept} ms`,
      },
    );
    waits.push(kept);
    if (full >= visibleMs) shares.add(Math.round((planned / full) * 1_000));
  }
  const visible = failures.filter(
    ({ data }) => typeof data.retryAt === "number" && fullWait(rule, data.attempt ?? 0) >= visibleMs,
  );
  expectMet(
    visible.length < samples.length || shares.size > 1,
    "waits have no jitter: all are the same share of the full wait",
  );
  return waits;
}
