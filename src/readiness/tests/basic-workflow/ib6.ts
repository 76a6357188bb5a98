import { actInScratch } from "../../acting/act-in-scratch.ts";
import { holdOn, makeOutside } from "../../acting/outside.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { runToEnd } from "../../acting/run-to-end.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const timeoutMs = 600;
/** How late a busy machine may end an overdue step. */
const lateMs = 5_000;

/** A step that leaves two children working: one that ignores TERM, one that has left the process group. */
const stubborn = `
( trap '' TERM; ${holdOn} ) &
setsid sh -c '${holdOn.replaceAll("'", `'\\''`)}' &
echo begun >> "$OUTSIDE/begun"
${holdOn}`;

/** Lets a step with stubborn children run into its time limit, beside one that is in time. */
export async function endOnTimeout(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib6", async (act) => {
    const outside = await makeOutside(act.scratch);
    const overdue = { id: "overdue", run: stubborn, timeout: `${timeoutMs}ms`, retry: 1 };
    const workspace = await act.workspace({
      repositories: [],
      limits: { grace: 200 },
      workflows: {
        slow: {
          jobs: {
            late: { env: outside.env, steps: [overdue, { id: "after", run: `echo ran >> "$OUTSIDE/after"` }] },
            punctual: { env: outside.env, steps: [{ id: "quick", run: "true", timeout: "20s" }] },
          },
        },
      },
    });
    const { run, exitCode } = await runToEnd(act, workspace, ["run", "slow"]);
    const left = await listScratchProcesses(act.scratch);
    const attempt = stepOf(targetOf(run, "late"), "overdue").attempts[0];
    expectMet(attempt !== undefined && attempt.endedAt !== null, "the overdue step has not ended");
    expectSame([attempt.state, attempt.failure], ["failed", "timeout"], "the overdue step did not fail as timed out");
    const tookMs = Date.parse(attempt.endedAt) - Date.parse(attempt.startedAt);
    expectMet(tookMs >= timeoutMs && tookMs <= timeoutMs + lateMs, "the step was not ended at its limit", {
      expected: `${timeoutMs} ms`,
      observed: `${tookMs} ms`,
    });
    expectMet(left.length === 0, "children of the overdue step still work", {
      observed: left.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    expectSame([exitCode, targetOf(run, "punctual").state], [1, "succeeded"], "the other job did not end as it should");
    expectSame(await outside.lines("after"), [], "a step after the overdue one was started");
    return { status: "pass", reason: `a step allowed ${timeoutMs} ms ended after ${tookMs} ms, its children with it` };
  });
}
