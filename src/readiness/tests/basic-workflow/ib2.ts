import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { runToEnd, showRun } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Lets the second of three steps fail, and asks a process that knew nothing of it what went wrong. */
export async function keepError(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib2", async (act) => {
    const outside = await makeOutside(act.scratch);
    const message = `the disk said ${randomBytes(8).toString("hex")}`;
    const mark = (name: string): object => ({ id: name, run: `echo done >> "$OUTSIDE/${name}"` });
    const breaks = { id: "breaks", run: `echo "$MESSAGE" >&2; exit 23`, env: { MESSAGE: message } };
    const workspace = await act.workspace({
      repositories: ["alpha"],
      workflows: {
        breaking: {
          jobs: {
            work: { sweep: {}, env: outside.env, steps: [mark("before"), { ...breaks, retry: 1 }, mark("after")] },
          },
        },
      },
    });
    const { run: told, exitCode } = await runToEnd(act, workspace, ["run", "breaking"]);
    expectMet(exitCode === 1, "a run that failed does not end with 1", { expected: "1", observed: String(exitCode) });
    const run = await showRun(act, workspace, told.id);
    const work = targetOf(run, "work/alpha");
    expectSame([run.state, work.state], ["failed", "failed"], "the run does not count as failed");
    const kept = stepOf(work, "breaks").attempts.map((attempt) => [attempt.state, attempt.failure, attempt.exitCode]);
    expectSame(kept, [["failed", "exit", 23]], "the error is not kept as it happened");
    expectSame(stepOf(work, "breaks").attempts[0]?.lastLine, message, "the last line before the failure is not kept");
    const text = await act.call(workspace, ["runs", "show", told.id]);
    expectMet(text.stdout.includes(message) && text.stdout.includes("23"), "what is shown to people hides the error", {
      observed: text.stdout.slice(-400),
    });
    const log = await act.call(workspace, ["runs", "logs", told.id, "--repo", "alpha", "--step", "breaks"]);
    expectMet(log.stdout.includes(message), "the message of the error is not in the log of its step");
    const marks = await Promise.all(["before", "after"].map(outside.lines));
    expectSame(marks, [["done"], []], "steps around the failing one did not do as they should");
    return { status: "pass", reason: "exit 23 of a step failed its run; code, last line and log are kept" };
  });
}
