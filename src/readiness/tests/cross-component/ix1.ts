import { randomBytes } from "node:crypto";
import { actInScratch } from "../../acting/act-in-scratch.ts";
import { gitText, readCheckout } from "../../acting/git-text.ts";
import { readAudit, readHistory, stateFileOf } from "../../acting/read-history.ts";
import { targetOf } from "../../acting/run-document.ts";
import { expectSucceeded, runToEnd, showRun } from "../../acting/run-to-end.ts";
import { expectMet, expectSame } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

const identity = {
  GIT_AUTHOR_NAME: "suite",
  GIT_AUTHOR_EMAIL: "suite@localhost",
  GIT_COMMITTER_NAME: "suite",
  GIT_COMMITTER_EMAIL: "suite@localhost",
};

/** Brings a change from the command line into a commit of a real repository, and its result back. */
export async function reachRepository(context: CheckContext): Promise<Outcome> {
  return await actInScratch(context, "ix1", async (act) => {
    const workspace = await act.workspace({
      repositories: ["alpha", "beta"],
      workflows: {
        change: {
          inputs: { text: { type: "string" } },
          jobs: {
            edit: {
              sweep: { select: "name:alpha" },
              env: identity,
              steps: [
                { id: "write", run: `printf '%s\\n' "$TEXT" > change.txt`, env: { TEXT: "${{ inputs.text }}" } },
                {
                  id: "commit",
                  uses: "git/commit",
                  with: { branch: "suite/change", message: "Change ${{ inputs.text }}" },
                },
              ],
              outputs: { commit: "${{ steps.commit.outputs.commit }}" },
            },
          },
        },
      },
    });
    const alpha = workspace.repository("alpha");
    const folders = ["alpha", "beta"].map((name) => workspace.repository(name));
    const before = await Promise.all(folders.map(async (folder) => await readCheckout(folder, act.signal)));
    const text = randomBytes(8).toString("hex");
    const ended = await runToEnd(act, workspace, ["run", "change", "-i", `text=${text}`]);
    const { run } = ended;
    expectSucceeded(ended, "the run did not succeed");

    const commit = await gitText(alpha, ["rev-parse", "refs/heads/suite/change"], act.signal);
    expectSame(
      targetOf(run, "edit/alpha").outputs["commit"],
      commit,
      "the result names another commit than the repository",
    );
    const content = await gitText(alpha, ["show", `${commit}:change.txt`], act.signal);
    const subject = await gitText(alpha, ["log", "-1", "--format=%s", commit], act.signal);
    expectSame([content, subject], [text, `Change ${text}`], "the commit does not hold the change that was asked for");
    const parent = await gitText(alpha, ["rev-parse", `${commit}^`], act.signal);
    expectSame(
      parent,
      await gitText(alpha, ["rev-parse", "main"], act.signal),
      "the commit does not stand on the branch",
    );
    const after = await Promise.all(folders.map(async (folder) => await readCheckout(folder, act.signal)));
    expectSame(after, before, "a checkout of the user was touched");

    const shown = await showRun(act, workspace, run.id);
    expectSame(targetOf(shown, "edit/alpha").outputs["commit"], commit, "another process reads another result");
    const types = readHistory(stateFileOf(workspace), run.id).map(({ type }) => type);
    expectMet(types.includes("step.finished"), "the engine's history does not know the steps");
    const audited = readAudit(stateFileOf(workspace)).map(({ action, decision }) => `${action} ${decision}`);
    expectSame(audited, ["runs:start allowed"], "the trail does not know who asked");
    return {
      status: "pass",
      reason:
        "a change went from the command line through door, engine and action into a commit, and its id came back; there is no HTTP API yet, so that way was not taken",
    };
  });
}
