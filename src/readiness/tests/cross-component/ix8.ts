import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readHistory, type StoredEvent, stateFileOf } from "../../acting/read-history.ts";
import { listRuns } from "../../acting/run-list.ts";
import { expectSucceeded, runToEnd } from "../../acting/run-to-end.ts";
import { listScratchProcesses } from "../../acting/scratch-processes.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const atOnce = 3;
const names = ["a", "b", "c", "d", "e", "f", "g", "h"] as const;

/** Begins, takes its time, and ends: what is stopped in between has begun and not ended. */
const work = `
echo "$REPO_NAME" >> "$OUTSIDE/begun-$1"
sleep 0.3
echo "$REPO_NAME" >> "$OUTSIDE/ended-$1"`;

/** Stops the process of a busy sweep as a supervisor would, and lets another one bring it to its end. */
export async function stopAndGoOn(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ix8", async (act) => {
    const outside = await makeOutside(act.scratch);
    const step = (id: string): object => ({ id, run: `set -- ${id}\n${work}` });
    const workspace = await act.workspace({
      repositories: names,
      limits: { maxConcurrentSteps: atOnce, grace: 300 },
      workflows: {
        busy: { jobs: { work: { sweep: { order: "none" }, env: outside.env, steps: [step("one"), step("two")] } } },
      },
    });
    const followed = await followRun(act, workspace, ["run", "busy"]);
    const { signal } = act;
    await waitUntil(async () => (await outside.lines("ended-one")).length > 0, { signal, what: "a first step to end" });
    followed.kill("SIGTERM");
    const { exitCode, stderr } = await followed.result;
    const left = await listScratchProcesses(act.scratch);
    const id = await followed.id();
    expectSame(exitCode, 143, "TERM did not end the command");
    expectMet(stderr.includes(`runs resume ${id}`), "the command does not say how to go on", {
      observed: stderr.slice(-300),
    });
    expectMet(left.length === 0, "steps still work after the command has ended", {
      observed: left.map(({ pid, command }) => `${pid} ${command}`).join("; "),
    });
    expectSame((await listRuns(act, workspace))[0]?.state, "interrupted", "the run that was left is not shown as such");
    const finished = listFinished(readHistory(stateFileOf(workspace), id));
    expectMet(finished.size < 2 * names.length, "the sweep was over before it was stopped");

    const resumed = await runToEnd(act, workspace, ["runs", "resume", id]);
    expectSame(resumed.run.id, id, "another run was gone on with");
    expectSucceeded(resumed, "the run was not brought to its end");
    for (const name of ["one", "two"]) {
      const [begun, ended] = await Promise.all([outside.lines(`begun-${name}`), outside.lines(`ended-${name}`)]);
      expectSame([...new Set(ended)].toSorted(), [...names], "work was lost");
      const twice = begun.filter((repository, index) => begun.indexOf(repository) !== index);
      const again = twice.filter((repository) => finished.has(`${repository} ${name}`));
      expectMet(again.length === 0, "a step that had finished was done again", { observed: again.join(", ") });
      expectMet(twice.length <= atOnce, "more steps began again than were stopped", {
        expected: `at most ${atOnce}`,
        observed: twice.join(", "),
      });
    }
    const rest = `${2 * names.length - finished.size} of ${2 * names.length} steps`;
    return { status: "pass", reason: `TERM left a busy sweep with ${rest} to do; another process did just these` };
  });
}

/** Steps that had succeeded, as `REPOSITORY STEP`. */
function listFinished(history: readonly StoredEvent[]): ReadonlySet<string> {
  return new Set(
    history.flatMap(({ type, data }) => {
      const { target = "", step = "", state } = data as { target?: string; step?: string; state?: string };
      return type === "step.finished" && state === "succeeded" ? [`${target.replace("work/", "")} ${step}`] : [];
    }),
  );
}
