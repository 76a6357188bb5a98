import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { holdOn, makeOutside } from "../../acting/outside.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { listRuns } from "../../acting/run-list.ts";
import { expectSucceeded, runToEnd } from "../../acting/run-to-end.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const names = ["alpha", "beta", "gamma"] as const;

/** Each repository tells outside what it does; the second step hangs until the owner of the run is killed. */
const first = `echo "$REPO_NAME" >> "$OUTSIDE/first"`;
const second = `
echo "$MAHAVISHNU_IDEMPOTENCY_KEY" >> "$OUTSIDE/second-$REPO_NAME"
if [ ! -e "$OUTSIDE/killed" ]; then ${holdOn}; fi
echo "$REPO_NAME" >> "$OUTSIDE/second"`;

/** Kills the owner of a sweep while two repositories work and a third waits for them, and lets another process go on. */
export async function survivesKill(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "is3", async (act) => {
    const outside = await makeOutside(act.scratch);
    const steps = [
      { id: "first", run: first },
      { id: "second", run: second },
    ];
    const workspace = await act.workspace({
      repositories: names,
      manifest: { gamma: { needs: ["alpha", "beta"] } },
      limits: { maxConcurrentSteps: 4 },
      workflows: { crashing: { jobs: { work: { sweep: { order: "needs" }, env: outside.env, steps } } } },
    });
    const owner = await followRun(act, workspace, ["run", "crashing"]);
    const id = await owner.id();
    const begun = async (name: string): Promise<boolean> => await outside.has(`second-${name}`);
    const { signal } = act;
    await waitUntil(async () => (await begun("alpha")) && (await begun("beta")), {
      signal,
      what: "both steps to begin",
    });
    owner.kill("SIGKILL");
    await owner.result;
    expectSame(
      (await listRuns(act, workspace))[0]?.state,
      "interrupted",
      "a run without an owner is not shown as such",
    );

    await outside.open("killed");
    const ended = await runToEnd(act, workspace, ["runs", "resume", id]);
    const left = await listScratchProcesses(act.scratch);
    const { run } = ended;
    expectSame(run.id, id, "another run was gone on with");
    expectSucceeded(ended, "the run was not brought to its end");
    expectSame(
      (await outside.lines("first")).toSorted(),
      [...names],
      "a step that had finished ran again, or one was lost",
    );
    expectSame(
      (await outside.lines("second")).toSorted(),
      [...names],
      "the interrupted steps did not end exactly once",
    );
    for (const name of ["alpha", "beta"]) {
      const keys = await outside.lines(`second-${name}`);
      expectMet(
        keys.length === 2 && keys[0] !== "" && keys[0] === keys[1],
        "attempts of one step do not share one key",
        {
          observed: keys.join(", "),
        },
      );
      const states = stepOf(targetOf(run, `work/${name}`), "second").attempts.map(({ state }) => state);
      expectSame(states, ["interrupted", "succeeded"], "the history does not show both attempts");
    }
    const gamma = targetOf(run, "work/gamma").steps[0]?.attempts[0]?.startedAt ?? "";
    const ends = ["alpha", "beta"].map(
      (name) => stepOf(targetOf(run, `work/${name}`), "second").attempts[1]?.endedAt ?? "z",
    );
    expectMet(
      ends.every((end) => end <= gamma),
      "after the crash a repository no longer waited for what it needs",
    );
    expectMet(left.length === 0, "processes of the killed owner still work", {
      observed: left.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    return {
      status: "pass",
      reason: "after kill -9 finished steps ran once, the two interrupted ones again with their keys",
    };
  });
}
