import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { holdOn, makeOutside } from "../../acting/outside.ts";
import { readRunDocument, stepOf, targetOf } from "../../acting/run-document.ts";
import { listRuns } from "../../acting/run-list.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import { expectSucceeded } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** The first attempt hangs until somebody ends it; the next one goes through. Each tells outside that it began, and that it ended. */
const interrupted = `
echo "$MAHAVISHNU_IDEMPOTENCY_KEY" >> "$OUTSIDE/two"
if [ "$(wc -l < "$OUTSIDE/two")" -eq 1 ]; then ${holdOn}; fi
echo done >> "$OUTSIDE/two-ended"`;

/** Kills the runner in the middle of a step, lets another process resume, and counts outside of the store what was done. */
export async function killAndResume(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "wfx004", async (act) => {
    const outside = await makeOutside(act.scratch);
    const workspace = await act.workspace({
      repositories: ["alpha"],
      workflows: {
        crashing: {
          jobs: {
            work: {
              sweep: { select: "name:alpha" },
              env: outside.env,
              steps: [
                { id: "one", run: `echo "$MAHAVISHNU_IDEMPOTENCY_KEY" >> "$OUTSIDE/one"; echo one > kept.txt` },
                { id: "two", run: interrupted },
                { id: "three", run: `cat kept.txt >> "$OUTSIDE/three"` },
              ],
            },
          },
        },
      },
    });
    const owner = await followRun(act, workspace, ["run", "crashing"]);
    const id = await owner.id();
    const { signal } = act;
    await waitUntil(async () => (await outside.lines("two")).length > 0, { signal, what: "the second step to begin" });
    owner.kill("SIGKILL");
    await owner.result;

    const listed = await listRuns(act, workspace);
    expectSame(
      listed.map((item) => [item.id, item.state]),
      [[id, "interrupted"]],
      "a run whose process was killed is not shown as interrupted",
    );
    const resumed = await act.call(workspace, ["runs", "resume", id, "-o", "json"]);
    const run = readRunDocument(resumed);
    expectSame(run.id, id, "another run was gone on with");
    expectSucceeded({ run, exitCode: resumed.exitCode }, "the resumed run did not succeed");

    const [one, two, ended, three] = await Promise.all(["one", "two", "two-ended", "three"].map(outside.lines));
    expectSame([one?.length, three], [1, ["one"]], "steps around the interrupted one did not run exactly once");
    expectSame([two?.length, ended?.length], [2, 1], "the interrupted step did not run again exactly once");
    const key = two?.[0] ?? "";
    expectMet(key !== "" && key === two?.[1], "the attempts of the interrupted step have different idempotency keys", {
      observed: two?.join(" and ") ?? "",
    });
    expectMet(key !== one?.[0], "two steps share one idempotency key");
    const target = targetOf(run, "work/alpha");
    const attempts = ["one", "two", "three"].map((name) => stepOf(target, name).attempts.map(({ state }) => state));
    expectSame(
      attempts,
      [["succeeded"], ["interrupted", "succeeded"], ["succeeded"]],
      "the history does not show the attempts as they happened",
    );
    const left = await listScratchProcesses(act.scratch);
    expectMet(left.length === 0, "processes of the killed runner still work", {
      observed: left.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    return {
      status: "pass",
      reason:
        "after kill -9 another process went on: finished steps ran once, the interrupted one again with the same key",
    };
  });
}
