import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { listRuns } from "../../acting/run-list.ts";
import { runToEnd } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Inputs that must be refused, each for another reason. */
const wrong: readonly (readonly [what: string, args: readonly string[], named: string])[] = [
  ["one that is required and missing", [], "count"],
  ["an unknown one", ["-i", "count=3", "-i", "cuont=4"], "cuont"],
  ["one of a wrong type", ["-i", "count=three"], "three"],
  ["one below its minimum", ["-i", "count=0"], "1"],
  ["one that is none of its choices", ["-i", "count=3", "-i", "colour=mauve"], "mauve"],
];

/** Gives a workflow wrong inputs, which must all be refused before anything happens, and then right ones. */
export async function validateInputs(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib5", async (act) => {
    const outside = await makeOutside(act.scratch);
    const take = {
      id: "take",
      run: `echo begun >> "$OUTSIDE/begun"; echo "\${{ inputs.count }} $COLOUR $NEXT"`,
      env: { COLOUR: "${{ inputs.colour }}", NEXT: "${{ inputs.count > 2 }}" },
    };
    const workspace = await act.workspace({
      repositories: [],
      workflows: {
        choosy: {
          inputs: {
            count: { type: "integer", minimum: 1 },
            colour: { type: "string", enum: ["red", "blue"], default: "red" },
          },
          jobs: { work: { env: outside.env, steps: [take] } },
        },
      },
    });
    const refusals = await Promise.all(
      wrong.map(async ([what, args, named]) => {
        return { what, named, result: await act.call(workspace, ["run", "choosy", ...args]) };
      }),
    );
    for (const { what, named, result } of refusals) {
      expectMet(result.exitCode === 64, `${what} was not refused`, {
        expected: "exit 64",
        observed: `exit ${result.exitCode}`,
      });
      expectMet(result.stderr.includes(named), `the refusal of ${what} does not say what is wrong`, {
        expected: named,
        observed: result.stderr.slice(0, 300),
      });
    }
    expectSame([await listRuns(act, workspace), await outside.lines("begun")], [[], []], "a refused run has begun");
    const { run, exitCode } = await runToEnd(act, workspace, ["run", "choosy", "-i", "count=3"]);
    const said = stepOf(targetOf(run, "work"), "take").attempts[0]?.lastLine;
    expectSame(
      [exitCode, said],
      [0, "3 red true"],
      "right inputs, with their types and defaults, did not reach the step",
    );
    return { status: "pass", reason: `${wrong.length} kinds of wrong inputs were refused before anything happened` };
  });
}
