import { count } from "../../../lib/count.ts";
import * as z from "zod";
import { formatDuration } from "../../../lib/duration.ts";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { parseStdout } from "../../acting/call-cli.ts";
import { measureConcurrency } from "../../acting/measure-concurrency.ts";
import { isOutcome } from "../../acting/measure-once.ts";
import { measureRetries } from "../../acting/measure-retries.ts";
import { measureTimeouts } from "../../acting/measure-timeouts.ts";
import { expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { judgeMemory, readMemory } from "./judge-memory.ts";

/** Whether the machine bears as many runs at once as are configured. Beyond what it bears, the limit is an error. */
export async function measureRunLimit(context: CheckContext): Promise<Outcome> {
  const seen = await measureConcurrency(context);
  if (isOutcome(seen)) return couldNotMeasure(seen, "WFX008");
  const { configured, measured, mostAtOnce, peakBytes } = seen;
  if (mostAtOnce > measured) {
    return {
      status: "fail",
      severity: "error",
      reason: `${count(mostAtOnce, "run", "runs")} worked at once, allowed: ${measured}`,
    };
  }
  const memory = judgeMemory({ peakBytes, runs: configured, ...readMemory() });
  if (memory.status === "fail") return { ...memory, severity: "error" };
  return { status: "pass", reason: `${count(mostAtOnce, "run", "runs")} worked at once, and ${memory.reason}` };
}

/** Whether a step that never succeeds is tried as often as configured. */
export async function measureAttempts(context: CheckContext): Promise<Outcome> {
  const seen = await measureRetries(context);
  if (isOutcome(seen)) return couldNotMeasure(seen, "WFX005");
  const { configured, exhausted } = seen;
  if (exhausted === null) {
    return { status: "pass", reason: `${configured} attempts are too many to be tried here; the first three were` };
  }
  const counts = {
    expected: count(configured, "attempt", "attempts"),
    observed: count(exhausted, "attempt", "attempts"),
  };
  if (exhausted !== configured) {
    return { status: "fail", reason: "a step that never succeeds is not tried as often as configured", ...counts };
  }
  return {
    status: "pass",
    reason: `a step that never succeeds was tried ${count(exhausted, "time", "times")}`,
    ...counts,
  };
}

const Plan = z.looseObject({
  targets: z.array(z.looseObject({ timeoutMs: z.number() })),
  runTimeoutMs: z.number(),
});

/** Whether plans carry the configured time-outs, and time-outs end what they should. */
export async function measureTimeLimits(context: CheckContext): Promise<Outcome> {
  const { timeout, runTimeout } = (await context.config()).config.limits;
  const planned = await actInScratch(context, "lim003", async (act) => {
    const workflows = { planned: { jobs: { work: { steps: [{ id: "nothing", run: "true" }] } } } };
    const workspace = await act.workspace({ repositories: [], workflows });
    const plan = Plan.parse(parseStdout(await act.call(workspace, ["plan", "planned", "-o", "json"])));
    const limits = [plan.targets.map(({ timeoutMs }) => timeoutMs), plan.runTimeoutMs];
    expectSame(limits, [[timeout], runTimeout], "a plan has other time-outs than the configuration");
    return { status: "pass", reason: `plans carry ${formatDuration(timeout)} a target` };
  });
  if (planned.status !== "pass") return planned;
  const seen = await measureTimeouts(context);
  if (isOutcome(seen)) return couldNotMeasure(seen, "WFX006");
  const { allowed, took } = seen.stepMs;
  return { status: "pass", reason: `${planned.reason}; a step allowed ${allowed} ms was ended after ${took} ms` };
}

/** The reason stands with the check that owns the measurement. */
function couldNotMeasure({ reason, expected, observed }: Outcome, owner: string): Outcome {
  return {
    status: "fail",
    reason: `could not be measured: ${reason} (see ${owner})`,
    ...(expected === undefined ? {} : { expected }),
    ...(observed === undefined ? {} : { observed }),
  };
}
