import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { type RunDocument, stepOf, targetOf } from "../../acting/run-document.ts";
import { expectSucceeded, runToEnd } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Steps and jobs by what decides about them. */
const conditions = {
  step: { full: "inputs.mode == 'full'", lean: "inputs.mode != 'full'" },
  job: "needs.decide.outputs.go == 'yes'",
} as const;

/** Runs the same workflow with an input that asks for the one way and then for the other. */
export async function decideByConditions(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib4", async (act) => {
    const outside = await makeOutside(act.scratch);
    const mark = (name: string): object => ({ id: name, run: `echo ${name} >> "$OUTSIDE/$MAHAVISHNU_RUN_ID"` });
    const go = { id: "go", run: `echo "go=$GO" >> "$MAHAVISHNU_OUTPUT"` };
    const workspace = await act.workspace({
      repositories: [],
      workflows: {
        choosing: {
          inputs: { mode: { type: "string", enum: ["full", "lean"] } },
          jobs: {
            decide: {
              env: outside.env,
              steps: [
                { ...go, env: { GO: `\${{ inputs.mode == 'full' && 'yes' || 'no' }}` } },
                { ...mark("full"), if: conditions.step.full },
                { ...mark("lean"), if: `\${{ ${conditions.step.lean} }}` },
                { ...mark("never"), if: false },
                { ...mark("onFailure"), if: "failure()" },
              ],
              outputs: { go: "${{ steps.go.outputs.go }}" },
            },
            ship: { needs: ["decide"], if: conditions.job, env: outside.env, steps: [mark("ship")] },
          },
        },
      },
    });
    for (const [mode, done] of [
      ["full", ["full", "ship"]],
      ["lean", ["lean"]],
    ] as const) {
      const ended = await runToEnd(act, workspace, ["run", "choosing", "-i", `mode=${mode}`]);
      const { run } = ended;
      expectSucceeded(ended, `with mode=${mode} the run did not succeed`);
      expectSame(await outside.lines(run.id), done, `with mode=${mode} other things were done than the conditions say`);
      expectSkipped(run, mode);
    }
    return { status: "pass", reason: "conditions of steps and of a job decided both ways; what was skipped says why" };
  });
}

/** What was not done stands in the history, with its reason. */
function expectSkipped(run: RunDocument, mode: "full" | "lean"): void {
  const decide = targetOf(run, "decide");
  const ship = targetOf(run, "ship");
  const skipped = [mode === "full" ? "lean" : "full", "never", "onFailure"].map((id) => stepOf(decide, id));
  const wrong = skipped.find(({ state, reason }) => state !== "skipped" || (reason ?? "") === "");
  expectMet(wrong === undefined, `step ${wrong?.id} is ${wrong?.state} with the reason "${wrong?.reason}"`);
  expectSame(ship.state, mode === "full" ? "succeeded" : "skipped", "the job's condition did not decide about it");
  expectMet(ship.reason !== "", "the skipped job does not say why");
}
