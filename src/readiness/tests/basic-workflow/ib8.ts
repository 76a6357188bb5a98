import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside, waitForFile } from "../../acting/outside.ts";
import { listRuns } from "../../acting/run-list.ts";
import { runToEnd } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import { waitUntil } from "../../acting/wait-until.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const callers = 3;

/** Several processes ask for the same run at once, and one more when it is over. */
export async function resubmit(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib8", async (act) => {
    const outside = await makeOutside(act.scratch);
    const work = { id: "work", run: `echo "$MAHAVISHNU_RUN_ID" >> "$OUTSIDE/done"\n${waitForFile("go")}` };
    const workspace = await act.workspace({
      repositories: [],
      workflows: { once: { jobs: { work: { env: outside.env, steps: [work] } } } },
    });
    const submit = (key: string): ReturnType<typeof runToEnd> =>
      runToEnd(act, workspace, ["run", "once", "--idempotency-key", key]);
    const key = randomBytes(8).toString("hex");
    const together = Promise.all(Array.from({ length: callers }, async () => await submit(key)));
    together.catch(() => undefined);
    const { signal } = act;
    await waitUntil(async () => await outside.has("done"), { signal, what: "the step to begin" });
    await outside.open("go");
    const answers = [...(await together), await submit(key)];
    const ids = new Set(answers.map(({ run }) => run.id));
    const listed = await listRuns(act, workspace);
    expectMet(ids.size === 1 && listed.length === 1, "one key has begun more than one run", {
      expected: "one run",
      observed: listed.map(({ id }) => id).join(", "),
    });
    expectSame(await outside.lines("done"), [...ids], "the work of one key was not done exactly once");
    const ends = answers.map(({ run, exitCode }) => [run.state, exitCode]);
    expectSame(
      ends,
      answers.map(() => ["succeeded", 0]),
      "not everybody was told how the one run ended",
    );
    const other = await submit(randomBytes(8).toString("hex"));
    expectMet(!ids.has(other.run.id), "another key has not begun another run");
    return {
      status: "pass",
      reason: `${callers} processes at once and one later gave the same key: one run, done once`,
    };
  });
}
