import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside, waitForFile } from "../../acting/outside.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { expectSucceeded, runToEnd } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const branches = ["left", "middle", "right"] as const;

/** Each branch waits until all have begun, so that one after the other none would end; a last job needs them all. */
export async function joinBranches(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib3", async (act) => {
    const outside = await makeOutside(act.scratch);
    const branch = (name: string): object => ({
      env: outside.env,
      steps: [
        {
          id: "meet",
          timeout: "15s",
          retry: 1,
          run: [
            `echo ${name} >> "$OUTSIDE/begun"; : > "$OUTSIDE/${name}"`,
            ...branches.map(waitForFile),
            `echo ${name} >> "$OUTSIDE/order"; echo value=${name} >> "$MAHAVISHNU_OUTPUT"`,
          ].join("\n"),
        },
      ],
      outputs: { value: "${{ steps.meet.outputs.value }}" },
    });
    const values = branches.map((name) => `\${{ needs.${name}.outputs.value }}`).join(" ");
    const join = { id: "join", run: `echo join >> "$OUTSIDE/order"; echo "$VALUES"`, env: { VALUES: values } };
    const workspace = await act.workspace({
      repositories: [],
      limits: { maxConcurrentSteps: branches.length },
      workflows: {
        diamond: {
          jobs: {
            ...Object.fromEntries(branches.map((name) => [name, branch(name)])),
            join: { needs: [...branches], env: outside.env, steps: [join] },
          },
        },
      },
    });
    const ended = await runToEnd(act, workspace, ["run", "diamond"]);
    const { run } = ended;
    expectSucceeded(ended, "branches that wait for each other did not all run");
    expectSame((await outside.lines("begun")).toSorted(), [...branches], "a branch did not run exactly once");
    const order = await outside.lines("order");
    expectSame([order.length, order.at(-1)], [4, "join"], "the join did not come once, after all branches");
    const said = stepOf(targetOf(run, "join"), "join").attempts[0]?.lastLine;
    expectSame(said, branches.join(" "), "the join did not get the output of every branch");
    const begun = stepOf(targetOf(run, "join"), "join").attempts[0]?.startedAt ?? "";
    const ends = branches.map((name) => stepOf(targetOf(run, name), "meet").attempts[0]?.endedAt ?? "");
    expectMet(
      ends.every((end) => end !== "" && end <= begun),
      "the history shows the join before the end of a branch",
    );
    return {
      status: "pass",
      reason: `${branches.length} branches ran side by side, and their join had all their outputs`,
    };
  });
}
