import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { listRuns } from "../../acting/run-list.ts";
import { runToEnd, showRun } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Tells outside that it began; all but one repository also tell that they are done. */
const work = `
echo "$REPO_NAME" >> "$OUTSIDE/begun"
[ "$REPO_NAME" != four ] || exit 3
echo "$REPO_NAME" >> "$OUTSIDE/done"`;

/** Lets a sweep end in every way at once (one fails, one needs it, one does not want) and compares the counts. */
export async function countTruly(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "io4", async (act) => {
    const outside = await makeOutside(act.scratch);
    const steps = [{ id: "work", run: work, retry: 1 }];
    const workspace = await act.workspace({
      repositories: ["one", "two", "three", "four", "five", "six"],
      manifest: { five: { needs: ["four"] }, six: { tags: ["idle"] } },
      workflows: {
        mixed: { jobs: { work: { sweep: {}, if: "!contains(repo.tags, 'idle')", env: outside.env, steps } } },
      },
    });
    const { run, exitCode } = await runToEnd(act, workspace, ["run", "mixed"]);
    expectSame([run.state, exitCode], ["partial", 2], "a sweep with a failure is not partial");
    const [begun, done] = await Promise.all(
      ["begun", "done"].map(async (name) => (await outside.lines(name)).toSorted()),
    );
    const expected = { total: 6, queued: 0, running: 0, succeeded: 3, failed: 1, cancelled: 0, skipped: 2 };
    expectSame(
      [begun?.length, done],
      [4, ["one", "three", "two"]],
      "the sweep did not do what its counts should count",
    );
    const counted = { ...(await listRuns(act, workspace))[0]?.counts };
    expectSame(counted, expected, "the counts of the list are not what happened");
    const shown = await showRun(act, workspace, run.id);
    const states = Map.groupBy(shown.targets, ({ state }) => state);
    const ofTargets = ["succeeded", "failed", "skipped"].map((state) => states.get(state)?.length ?? 0);
    expectSame(ofTargets, [3, 1, 2], "the states of the targets do not add up to the counts");
    const text = await act.call(workspace, ["runs", "show", run.id]);
    expectMet(/3 of 6 succeeded/.test(text.stdout), "what is shown to people counts otherwise", {
      observed: text.stdout.slice(-300),
    });
    return { status: "pass", reason: "the counts of a sweep of 6 are those of what its steps have done" };
  });
}
