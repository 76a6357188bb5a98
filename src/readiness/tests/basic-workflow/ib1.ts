import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { gitText, readCheckout } from "../../acting/git-text.ts";
import { stepOf, targetOf } from "../../acting/run-document.ts";
import { expectSameRun, expectSucceeded, runToEnd, showRun } from "../../acting/run-to-end.ts";
import { expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const relay = {
  inputs: { nonce: { type: "string" } },
  jobs: {
    write: {
      sweep: {},
      steps: [
        { id: "store", run: `printf '%s' "$NONCE" > nonce.txt`, env: { NONCE: "${{ inputs.nonce }}" } },
        { id: "copy", run: "cp nonce.txt copy.txt" },
        { id: "read", run: `printf 'nonce=%s\\n' "$(cat copy.txt)" >> "$MAHAVISHNU_OUTPUT"` },
      ],
      outputs: { nonce: "${{ steps.read.outputs.nonce }}" },
    },
    tell: {
      needs: ["write"],
      steps: [
        { id: "say", run: `echo "got $NONCE"`, env: { NONCE: "${{ needs.write.targets['alpha'].outputs.nonce }}" } },
      ],
    },
  },
};

/** Hands a nonce through three steps and on to a second job, and looks at what the repository's own folder knows of it. */
export async function handOnNonce(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ib1", async (act) => {
    const workspace = await act.workspace({ repositories: ["alpha"], workflows: { relay } });
    const repository = workspace.repository("alpha");
    const before = await readCheckout(repository, act.signal);
    const nonce = randomBytes(12).toString("hex");
    const ended = await runToEnd(act, workspace, ["run", "relay", "-i", `nonce=${nonce}`]);
    const { run } = ended;
    expectSucceeded(ended, "the run did not succeed");
    const written = targetOf(run, "write/alpha");
    const codes = ["store", "copy", "read"].map((id) =>
      stepOf(written, id).attempts.map((attempt) => attempt.exitCode),
    );
    expectSame(codes, [[0], [0], [0]], "the three steps did not each succeed at once");
    expectSame(written.outputs["nonce"], nonce, "the nonce that came out is not the one that went in");
    const said = stepOf(targetOf(run, "tell"), "say").attempts.at(-1)?.lastLine;
    expectSame(said, `got ${nonce}`, "the job that needs the first did not get its output");
    expectSameRun(await showRun(act, workspace, run.id), run, "another process reads another run than was told");
    expectSame(await readCheckout(repository, act.signal), before, "the repository's own folder was touched");
    const worktrees = await gitText(repository, ["worktree", "list", "--porcelain"], act.signal);
    expectSame(worktrees.split("\n").filter((line) => line.startsWith("worktree ")).length, 1, "a worktree is left");
    return {
      status: "pass",
      reason: "a nonce went through three steps to a second job; the repository was left alone",
    };
  });
}
