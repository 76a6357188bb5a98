import type { CheckContext } from "../context.ts";
import { type ProcessIdentity, identifyProcess, isAlive } from "../../lib/process-identity.ts";
import { followRun } from "./follow-run.ts";
import { type Measured, measureOnce } from "./measure-once.ts";
import { holdOn, makeOutside } from "./outside.ts";
import { stepOf, targetOf } from "./run-document.ts";
import { listScratchProcesses } from "./scratch-processes.ts";
import { expectMet, expectSame } from "./unmet.ts";
import { waitUntil } from "./wait-until.ts";

/** What was seen of time-outs. */
export interface TimeoutMeasurement {
  /** Milliseconds that the step was allowed, and that it took until all of its processes had ended. */
  readonly stepMs: { readonly allowed: number; readonly took: number };
  /** The same of a target with a limit of its own. */
  readonly targetMs: { readonly allowed: number; readonly took: number };
  /** Processes that the step had at its end. */
  readonly processes: number;
}

/** Long enough for a step to start its family on a busy machine, short enough to be waited for. */
const allowedMs = 1_500;
const longestGraceMs = 300;
/** How late a busy machine may end what is over its time. */
const lateMs = 4_000;
/** Timers and clocks count in milliseconds of their own. */
const roundingMs = 5;

/** A step with a family that does not want to go: a child, a grandchild, one that ignores TERM and one in a session of its own. */
const family = `
( trap '' TERM; ${holdOn} ) &
echo $! >> "$OUTSIDE/pids"
( ( ${holdOn} ) & echo $! >> "$OUTSIDE/pids"; wait ) &
echo $! >> "$OUTSIDE/pids"
if command -v setsid > /dev/null; then setsid sh -c 'echo $$ >> "$OUTSIDE/pids"; ${holdOn}' & fi
echo $$ >> "$OUTSIDE/pids"
${holdOn}`;

/** Lets a step and a target run out of time. Several checks take its word, so it is done once. */
export async function measureTimeouts(context: CheckContext): Promise<Measured<TimeoutMeasurement>> {
  return await measureOnce(context, "timeouts", async (act) => {
    const outside = await makeOutside(act.scratch);
    const configured = (await context.config()).config.limits;
    const grace = Math.min(configured.grace, longestGraceMs);
    const after = { id: "after", run: `echo done >> "$OUTSIDE/after"` };
    const workspace = await act.workspace({
      repositories: [],
      // Nobody must wait for a slot while the time runs.
      limits: { grace, maxConcurrentSteps: Math.max(configured.maxConcurrentSteps, 3) },
      workflows: {
        slow: {
          jobs: {
            step: {
              env: outside.env,
              steps: [{ id: "hang", run: family, timeout: `${allowedMs}ms`, retry: 1 }, after],
            },
            target: {
              env: outside.env,
              timeout: `${allowedMs}ms`,
              steps: [{ id: "hang", run: holdOn, retry: 1 }, after],
            },
            quick: { env: outside.env, steps: [{ id: "done", run: `echo done >> "$OUTSIDE/quick"` }] },
          },
        },
      },
    });
    const followed = await followRun(act, workspace, ["run", "slow"]);
    await followed.event("the step begins", ({ type, data }) => type === "step.started" && data.target === "step");
    const known = new Map<number, ProcessIdentity>();
    await waitUntil(
      async () => {
        // Who they are is kept while they live: a pid alone may be given to another process later.
        for (const pid of (await outside.lines("pids")).map(Number)) {
          const identity = known.has(pid) ? null : identifyProcess(pid);
          if (identity !== null) known.set(pid, identity);
        }
        return known.size >= 4 || followed.events.some(({ type }) => type === "run.finished");
      },
      { signal: act.signal, what: "the step's processes" },
    );
    const { run, result } = await followed.end(allowedMs + grace + lateMs);
    const alive = [...known.values()].filter((identity) => isAlive(identity)).map(({ pid }) => String(pid));
    const left = (await listScratchProcesses(act.scratch)).map(({ pid, command }) => `${pid} ${command}`);
    expectMet(alive.length + left.length === 0, "processes of a step have outlived its time-out", {
      observed: [...left, ...alive].join("; "),
    });
    expectMet(known.size >= 4, "the step ended before its processes were seen", {
      observed: `${known.size} processes`,
    });

    const states = run.targets.map(({ key, state }) => `${key} ${state}`);
    const expected = ["step failed", "target failed", "quick succeeded"];
    expectSame([result.exitCode, states], [1, expected], "a run with time-outs did not end as it should");
    const step = targetOf(run, "step");
    const target = targetOf(run, "target");
    const [stepAttempt, targetAttempt] = [step, target].map((slow) => stepOf(slow, "hang").attempts.at(-1));
    expectSame(
      [stepAttempt?.failure, targetAttempt?.failure],
      ["timeout", "timeout"],
      "what was over its time did not fail so",
    );
    const times = [tookOf(stepAttempt), tookOf(target)];
    const [stepTook = 0, targetTook = 0] = times;
    for (const took of times) {
      expectMet(
        took >= allowedMs - roundingMs && took <= allowedMs + grace + lateMs,
        "a time-out did not come when it was due",
        {
          expected: `${allowedMs} ms, and ${grace} ms of grace`,
          observed: `${took} ms`,
        },
      );
    }
    expectSame((await outside.lines("after")).length, 0, "a step after one that ran out of time was started");
    return {
      stepMs: { allowed: allowedMs, took: stepTook },
      targetMs: { allowed: allowedMs, took: targetTook },
      processes: known.size,
    };
  });
}

/** Milliseconds from begin to end; NaN, which no bound allows, when one is missing. */
function tookOf(timed: { readonly startedAt: string | null; readonly endedAt: string | null } | undefined): number {
  return Date.parse(timed?.endedAt ?? "") - Date.parse(timed?.startedAt ?? "");
}
