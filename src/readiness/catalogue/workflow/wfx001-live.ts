import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { makeOutside } from "../../acting/outside.ts";
import { readRunDocument, stepOf, targetOf } from "../../acting/run-document.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Sends a nonce through a run of three steps in a worktree of a real repository, and looks for it at the other end. */
export async function runBasicWorkflow(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "wfx001", async (act) => {
    const outside = await makeOutside(act.scratch);
    const workspace = await act.workspace({
      repositories: ["alpha"],
      workflows: {
        basic: {
          inputs: { nonce: { type: "string" } },
          jobs: {
            carry: {
              sweep: { select: "name:alpha" },
              env: outside.env,
              steps: [
                {
                  id: "take",
                  run: `printf 'nonce=%s\\n' "$NONCE" >> "$MAHAVISHNU_OUTPUT"`,
                  env: { NONCE: "${{ inputs.nonce }}" },
                },
                {
                  id: "write",
                  run: `printf '%s\\n' "$NONCE" > nonce.txt; cp nonce.txt "$OUTSIDE/witness"`,
                  env: { NONCE: "${{ steps.take.outputs.nonce }}" },
                },
                { id: "give", run: `printf 'nonce=%s\\n' "$(cat nonce.txt)" >> "$MAHAVISHNU_OUTPUT"` },
              ],
              outputs: { nonce: "${{ steps.give.outputs.nonce }}" },
            },
          },
        },
      },
    });
    const nonce = randomBytes(12).toString("hex");
    const begin = performance.now();
    const result = await act.call(workspace, ["run", "basic", "-i", `nonce=${nonce}`, "-o", "json"]);
    const tookMs = Math.round(performance.now() - begin);
    const run = readRunDocument(result);
    const target = targetOf(run, "carry/alpha");
    const failed = target.steps.find(({ state }) => state !== "succeeded");
    expectMet(failed === undefined, `step ${failed?.id} is ${failed?.state}: ${failed?.reason}`);
    expectSame([result.exitCode, run.state, target.state], [0, "succeeded", "succeeded"], "the run did not succeed");
    expectMet(target.outputs["nonce"] === nonce, "the nonce that came out is not the one that went in", {
      expected: nonce,
      observed: target.outputs["nonce"] ?? "none",
    });
    expectSame(await outside.lines("witness"), [nonce], "the steps did not do what the run says");
    for (const id of ["take", "write", "give"]) {
      expectMet(stepOf(target, id).attempts.length === 1, `step ${id} was not tried exactly once`);
    }
    const shown = readRunDocument(await act.call(workspace, ["runs", "show", run.id, "-o", "json"]));
    expectSame(shown, run, "another process reads another run than the one that was told");
    return { status: "pass", reason: `a run of 3 steps gave its nonce back in ${tookMs} ms` };
  });
}
