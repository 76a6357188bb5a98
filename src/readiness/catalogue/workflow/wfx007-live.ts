import { type Act, actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { holdOn, makeOutside } from "../../acting/outside.ts";
import { readErrorCode, readRunDocument } from "../../acting/run-document.ts";
import { listRuns } from "../../acting/run-list.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import type { ScratchWorkspace } from "../../acting/scratch-workspace.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const longestGraceMs = 500;
/** How late a busy machine may end a cancelled step. */
const lateMs = 4_000;
const reason = "cancelled by the readiness suite";

/** Cancels a run that waits for its turn and one that works, from another process. */
export async function cancelRuns(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "wfx007", async (act) => {
    const outside = await makeOutside(act.scratch);
    const grace = Math.min((await context.config()).config.limits.grace, longestGraceMs);
    const workspace = await act.workspace({
      repositories: [],
      limits: { maxConcurrentWorkflows: 1, grace },
      workflows: {
        working: {
          jobs: {
            work: {
              env: outside.env,
              steps: [{ id: "hold", run: `( trap '' TERM; ${holdOn} ) &\necho begun >> "$OUTSIDE/begun"\n${holdOn}` }],
            },
          },
        },
        waiting: {
          jobs: { work: { env: outside.env, steps: [{ id: "mark", run: `echo begun >> "$OUTSIDE/waited"` }] } },
        },
      },
    });
    const working = await followRun(act, workspace, ["run", "working"]);
    await waitUntil(async () => await outside.has("begun"), { signal: act.signal, what: "the step to begin" });
    const waiting = await followRun(act, workspace, ["run", "waiting"]);
    const waitingId = await findQueued(act, workspace);

    await cancel(act, workspace, waitingId);
    const queued = await waiting.end(grace + lateMs);
    expectCancelled("queued", queued.run, queued.result.exitCode);
    expectMet(!(await outside.has("waited")), "a step of the queued run was started");
    const still = readRunDocument(await act.call(workspace, ["runs", "show", await working.id(), "-o", "json"]));
    expectMet(still.state === "running", "cancelling one run has touched another", { observed: still.state });

    await cancel(act, workspace, await working.id());
    const ended = await working.end(grace + lateMs);
    expectCancelled("running", ended.run, ended.result.exitCode);
    const told = working.events.find(({ type }) => type === "run.cancelling");
    expectMet(told !== undefined && ended.run.endedAt !== null, "the history does not show when the run was cancelled");
    const tookMs = Date.parse(ended.run.endedAt) - Date.parse(told.time);
    expectMet(tookMs <= grace + lateMs, "the running step was not ended within its grace", {
      expected: `${grace} ms of grace`,
      observed: `${tookMs} ms`,
    });
    const left = await listScratchProcesses(act.scratch);
    expectMet(left.length === 0, "processes of a cancelled step still work", {
      observed: left.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    return {
      status: "pass",
      reason: `a queued run never began, a running one ended ${tookMs} ms after the wish with a grace of ${grace} ms`,
    };
  });
}

async function findQueued(act: Act, workspace: ScratchWorkspace): Promise<string> {
  let found: string | undefined;
  const look = async (): Promise<boolean> => {
    const item = (await listRuns(act, workspace)).find(({ workflow }) => workflow === "waiting");
    expectMet(item === undefined || item.state === "queued", "a run above the limit does not wait", {
      expected: "queued",
      observed: item?.state ?? "",
    });
    found = item?.id;
    return found !== undefined;
  };
  await waitUntil(look, { signal: act.signal, what: "the second run to be recorded" });
  return found ?? "";
}

async function cancel(act: Act, workspace: ScratchWorkspace, id: string): Promise<void> {
  const result = await act.call(workspace, ["runs", "cancel", id, "--reason", reason, "-o", "json"]);
  expectMet(result.exitCode === 0, "the cancel was refused", { observed: readErrorCode(result) });
}

function expectCancelled(
  which: string,
  run: { state: string; reason: string; actor: string },
  exitCode: number | null,
): void {
  expectSame([run.state, exitCode], ["cancelled", 1], `the ${which} run did not end as cancelled`);
  expectMet(run.reason.includes(reason), `the ${which} run does not say why it was cancelled`, {
    observed: run.reason,
  });
}
