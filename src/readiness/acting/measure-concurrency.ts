import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { freemem } from "node:os";
import { promisify } from "node:util";
import type { CheckContext } from "../context.ts";
import type { Act } from "./act-in-scratch.ts";
import type { StartedCli } from "./call-cli.ts";
import { type Measured, measureOnce } from "./measure-once.ts";
import { makeOutside, type Outside, waitForFile } from "./outside.ts";
import { listRuns } from "./run-list.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";
import { expectMet, expectSame } from "./unmet.ts";
import { waitUntil } from "./wait-until.ts";

/** What was seen of many runs at once. */
export interface ConcurrencyMeasurement {
  /** `limits.maxConcurrentWorkflows` of the user. */
  readonly configured: number;
  /** The limit that was measured: the configured one, or less where that would be too much for a check. */
  readonly measured: number;
  readonly started: number;
  /** The most that were at work at the same time, counted outside of the store. */
  readonly mostAtOnce: number;
  /** Most resident memory in bytes of each process that executed a run. */
  readonly peakBytes: readonly number[];
}

/** More than the limit, so that some have to wait. */
const more = 5;
/** The guide's upper end; above it the limit is only as interesting as it is here. */
const mostMeasured = 20;
/** Memory that one run is given in the estimate of how many fit. */
const roomyBytes = 160 * 1024 * 1024;
/** So many processes take their time to start on a small machine. */
const startMs = 60_000;

/** Starts more runs than the limit allows. Several checks take its word, so it is done once. */
export async function measureConcurrency(context: CheckContext): Promise<Measured<ConcurrencyMeasurement>> {
  return await measureOnce(context, "concurrency", async (act) => {
    const configured = (await context.config()).config.limits.maxConcurrentWorkflows;
    const room = Math.max(1, Math.floor(freemem() / roomyBytes) - more);
    const limit = Math.min(configured, mostMeasured, room);
    const started = limit + more;
    const outside = await makeOutside(act.scratch);
    const workspace = await act.workspace({
      repositories: [],
      // Steps must not be what holds runs back.
      limits: { maxConcurrentWorkflows: limit, maxConcurrentSteps: started },
      workflows: {
        busy: {
          jobs: {
            work: {
              env: outside.env,
              steps: [{ id: "hold", run: `echo + >> "$OUTSIDE/log"; ${waitForFile("go")}; echo - >> "$OUTSIDE/log"` }],
            },
          },
        },
      },
    });
    const runs = await Promise.all(
      Array.from({ length: started }, async () => await act.start(workspace, ["run", "busy", "-o", "json"])),
    );
    const shownAtOnce = await waitForAll(act, workspace, outside, { limit, started });
    const peakBytes = (await Promise.all(runs.map(async ({ pid }) => await readPeak(pid)))).filter(
      (bytes) => bytes > 0,
    );
    await outside.open("go");
    const codes = await endAll(runs);
    expectSame(
      codes,
      Array.from({ length: started }, () => 0),
      "not every run that had to wait succeeded in the end",
    );
    const mostAtOnce = Math.max(countMost(await outside.lines("log")), shownAtOnce);
    return { configured, measured: limit, started, mostAtOnce, peakBytes };
  });
}

/** Waits until every run is recorded and as many work as may; says how many `runs list` shows at work. */
async function waitForAll(
  act: Act,
  workspace: ScratchWorkspace,
  outside: Outside,
  { limit, started }: { readonly limit: number; readonly started: number },
): Promise<number> {
  let most = 0;
  const look = async (): Promise<boolean> => {
    const items = await listRuns(act, workspace);
    const working = items.filter(({ state }) => state === "running");
    most = Math.max(most, working.length);
    const silent = items.find(({ reason }) => reason === "");
    expectMet(silent === undefined, `run ${silent?.id} is ${silent?.state} without a reason`);
    return items.length === started && (await outside.lines("log")).length >= limit;
  };
  await waitUntil(look, { signal: act.signal, timeoutMs: startMs, what: `${limit} of ${started} runs to be at work` });
  await look();
  return most;
}

async function endAll(runs: readonly StartedCli[]): Promise<(number | null)[]> {
  const results = await Promise.all(runs.map(async ({ ended }) => await ended));
  return results.map(({ exitCode }) => exitCode);
}

/** The most that were at work at once, from a log of beginnings and ends. */
function countMost(log: readonly string[]): number {
  let now = 0;
  let most = 0;
  for (const line of log) {
    now += line === "+" ? 1 : -1;
    most = Math.max(most, now);
  }
  return most;
}

/** The most resident memory that a process has had so far, in bytes; 0 when it has ended. */
async function readPeak(pid: number): Promise<number> {
  try {
    if (process.platform === "linux") {
      const status = await readFile(`/proc/${pid}/status`, "latin1");
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
    }
    const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", String(pid)]);
    return Number(stdout.trim()) * 1024;
  } catch {
    return 0;
  }
}
