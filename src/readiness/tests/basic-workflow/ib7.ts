import { setTimeout as delay } from "node:timers/promises";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { holdOn, makeOutside } from "../../acting/outside.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { expectSameRun, showRun } from "../../acting/run-to-end.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const unfairMs = 500;

/** Presses Ctrl-C in a sweep of which one repository works and two wait for their turn. */
export async function cancelSweep(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib7", async (act) => {
    const outside = await makeOutside(act.scratch);
    const hold = { id: "hold", run: `echo "$REPO_NAME" >> "$OUTSIDE/begun"\n${holdOn}` };
    const workspace = await act.workspace({
      repositories: ["alpha", "beta", "gamma"],
      limits: { grace: 300 },
      workflows: {
        endless: {
          jobs: { work: { sweep: { order: "manifest", maxParallel: 1 }, env: outside.env, steps: [hold] } },
          finally: [{ id: "last", run: `echo done >> "$OUTSIDE/last"`, env: outside.env }],
        },
      },
    });
    const followed = await followRun(act, workspace, ["run", "endless"]);
    const { signal } = act;
    await waitUntil(async () => await outside.has("begun"), { signal, what: "the first step to begin" });
    // Whatever does not wait for its turn has time to begin.
    await delay(unfairMs, undefined, { signal });
    followed.kill("SIGINT");
    const { run, result } = await followed.end();
    const left = await listScratchProcesses(act.scratch);
    expectSame([run.state, result.exitCode], ["cancelled", 130], "Ctrl-C did not cancel the run");
    const states = run.targets.filter(({ job }) => job === "work").map(({ state }) => state);
    expectSame(states, ["cancelled", "cancelled", "cancelled"], "targets of a cancelled run did not end as cancelled");
    expectSame(await outside.lines("begun"), ["alpha"], "a repository that waited was begun after the cancel");
    const attempt = stepOf(targetOf(run, "work/alpha"), "hold").attempts[0];
    expectSame(attempt?.state, "cancelled", "the attempt that worked is not shown as cancelled");
    expectMet(left.length === 0, "processes of the cancelled run still work", {
      observed: left.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    expectSameRun(await showRun(act, workspace, run.id), run, "another process reads another end than was told");
    return { status: "pass", reason: "Ctrl-C ended the step that worked, and nothing that waited was begun" };
  });
}
