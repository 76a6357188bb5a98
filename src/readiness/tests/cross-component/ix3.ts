import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { followRun } from "../../acting/follow-run.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readHistory, stateFileOf } from "../../acting/read-history.ts";
import { expectSucceeded } from "../../acting/run-to-end.ts";
import { expectSame, Unmet } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** How long nobody can write into the store; shorter than any lease, since nobody shall take over meanwhile. */
const heldMs = 5_000;
const names = ["alpha", "beta", "gamma"] as const;
const steps = ["one", "two", "three"] as const;

/** Locks the store against its owner in the middle of a run, and looks at what was lost or done twice. */
export async function outlastLock(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ix3", async (act) => {
    const outside = await makeOutside(act.scratch);
    const step = (id: string): object => ({ id, run: `echo "$REPO_NAME ${id}" >> "$OUTSIDE/done"; sleep 0.1` });
    const workspace = await act.workspace({
      repositories: names,
      limits: { lease: 6 * heldMs, heartbeat: heldMs / 5 },
      workflows: { steady: { jobs: { work: { sweep: {}, env: outside.env, steps: steps.map(step) } } } },
    });
    const file = stateFileOf(workspace);
    const followed = await followRun(act, workspace, ["run", "steady"]);
    const { signal } = act;
    await waitUntil(async () => await outside.has("done"), { signal, what: "the first step to begin" });
    const before = await holdLock(file, signal);
    const { run, result } = await followed.end();
    expectSucceeded({ run, exitCode: result.exitCode }, "the run did not outlast the lock");
    const done = (await outside.lines("done")).toSorted();
    const expected = names.flatMap((name) => steps.map((id) => `${name} ${id}`)).toSorted();
    expectSame(done, expected, "a step was lost, or done twice");
    const history = readHistory(file, run.id);
    const numbers = history.map(({ runSeq }) => runSeq);
    expectSame(
      numbers,
      numbers.map((_, index) => index + 1),
      "the history has gaps",
    );
    const finished = history.filter(({ type }) => type === "step.finished").length;
    expectSame(finished, expected.length, "the history does not show every step once");
    if (before >= history.length) throw new Unmet("the run was over before the store was locked");
    return {
      status: "pass",
      reason: `the store was locked for ${heldMs / 1_000} s in the middle of a run: nothing lost, nothing twice`,
    };
  });
}

/** Holds the write lock as another process would. @returns how many events were written before. */
async function holdLock(file: string, signal: AbortSignal): Promise<number> {
  const database = new DatabaseSync(file, { timeout: 5_000 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    const { count } = database.prepare("SELECT count(*) AS count FROM event").get() as { readonly count: number };
    await delay(heldMs, undefined, { signal });
    database.exec("ROLLBACK");
    return count;
  } finally {
    database.close();
  }
}
