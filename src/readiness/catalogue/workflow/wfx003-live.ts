import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readRunDocument, stepOf, targetOf } from "../../acting/run-document.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Lets a step fail beside a job that works, and looks at what is kept of the error and what the neighbours did. */
export async function failAStep(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "wfx003", async (act) => {
    const outside = await makeOutside(act.scratch);
    const nonce = randomBytes(12).toString("hex");
    const mark = (name: string): object => ({ id: name, run: `echo done >> "$OUTSIDE/${name}"` });
    const workspace = await act.workspace({
      repositories: [],
      workflows: {
        failing: {
          jobs: {
            bad: {
              env: outside.env,
              steps: [
                { id: "breaks", run: `echo "$NONCE" >&2; exit 7`, env: { NONCE: nonce } },
                mark("after"),
                { ...mark("whatever"), if: "always()" },
              ],
            },
            good: { env: outside.env, steps: [mark("neighbour")] },
          },
          finally: [{ ...mark("last"), env: outside.env }],
        },
      },
    });
    const result = await act.call(workspace, ["run", "failing", "-o", "json"]);
    const told = readRunDocument(result);
    const run = readRunDocument(await act.call(workspace, ["runs", "show", told.id, "-o", "json"]));
    expectSame([result.exitCode, told.state, run.state], [1, "failed", "failed"], "the run does not count as failed");

    const bad = targetOf(run, "bad");
    const breaks = stepOf(bad, "breaks");
    const attempt = breaks.attempts.at(-1);
    expectSame(
      [bad.state, breaks.state, breaks.attempts.length, attempt?.failure, attempt?.exitCode, attempt?.lastLine],
      ["failed", "failed", 1, "exit", 7, nonce],
      "the error is not kept as it happened",
    );
    const logs = await act.call(workspace, ["runs", "logs", run.id, "--job", "bad", "--step", "breaks"]);
    expectMet(logs.stdout.includes(nonce), "what the failing step printed is not in its log");
    expectSame(
      [stepOf(bad, "after").state, (await outside.lines("after")).length],
      ["skipped", 0],
      "a step after the failing one was not skipped",
    );
    const good = targetOf(run, "good");
    const done = await Promise.all(
      ["neighbour", "whatever", "last"].map(async (name) => (await outside.lines(name)).length),
    );
    expectSame(
      [good.state, ...done],
      ["succeeded", 1, 1, 1],
      "neighbours of the failing step did not do their work once",
    );
    return {
      status: "pass",
      reason: `a step with exit 7 failed its run, kept its error and left its neighbours alone`,
    };
  });
}
