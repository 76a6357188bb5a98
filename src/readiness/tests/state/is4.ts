import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { holdOn, makeOutside, waitForFile } from "../../acting/outside.ts";
import { readHistory, stateFileOf } from "../../acting/read-history.ts";
import { readErrorCode } from "../../acting/run-document.ts";
import { listRuns } from "../../acting/run-list.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** The first attempt hangs until it is killed; the second waits until it may end. */
const step = `
echo begun >> "$OUTSIDE/begun"
if [ "$(wc -l < "$OUTSIDE/begun")" -eq 1 ]; then ${holdOn}; fi
${waitForFile("go")}
echo done >> "$OUTSIDE/done"`;

/** Two processes want to go on with the same run at the same moment. */
export async function oneOwnerWins(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "is4", async (act) => {
    const outside = await makeOutside(act.scratch);
    const workspace = await act.workspace({
      repositories: [],
      workflows: { contested: { jobs: { work: { env: outside.env, steps: [{ id: "work", run: step }] } } } },
    });
    const owner = await followRun(act, workspace, ["run", "contested"]);
    const id = await owner.id();
    const { signal } = act;
    await waitUntil(async () => await outside.has("begun"), { signal, what: "the step to begin" });
    owner.kill("SIGKILL");
    await owner.result;

    const contenders = await Promise.all(
      ["one", "other"].map(async () => await act.start(workspace, ["runs", "resume", id, "-o", "json"])),
    );
    await waitUntil(async () => (await outside.lines("begun")).length > 1, { signal, what: "the run to go on" });
    await outside.open("go");
    const results = await Promise.all(contenders.map(async ({ ended }) => await ended));
    const [won, lost] = [
      results.filter(({ exitCode }) => exitCode === 0),
      results.filter(({ exitCode }) => exitCode !== 0),
    ];
    expectSame([won.length, lost.length], [1, 1], "of two that wanted the run not exactly one got it");
    const told = lost.map((result) => [result.exitCode, readErrorCode(result)])[0];
    const known = ["RUN_OWNED", "RUN_STATE"].map((code) => JSON.stringify([1, code]));
    expectMet(known.includes(JSON.stringify(told)), "the one that did not get the run was not told why", {
      expected: known.join(" or "),
      observed: JSON.stringify(told),
    });
    const done = await Promise.all(["begun", "done"].map(async (name) => (await outside.lines(name)).length));
    expectSame(done, [2, 1], "the work was not done by exactly one of them");
    const takeovers = readHistory(stateFileOf(workspace), id).filter(({ type }) => type === "run.takenOver");
    expectSame(takeovers.length, 1, "the history does not show exactly one take-over");
    expectSame((await listRuns(act, workspace))[0]?.state, "succeeded", "the run did not end well");
    return {
      status: "pass",
      reason: `two processes wanted one run: one went on with it, the other was told ${told?.[1]}`,
    };
  });
}
