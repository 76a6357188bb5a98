import { chmodSync } from "node:fs";
import { join } from "node:path";
import {
  makeJob,
  makePlanOf,
  makeStep,
  makeSweep,
  makeUse,
  makeWorkflow,
  pinRepository,
  planTarget,
} from "../../src/engine/plan-fixture.ts";
import type { Plan } from "../../src/engine/plan.ts";
import type { Step } from "../../src/workflows/types.ts";
import { git, writeFiles } from "../support/git-fixture.ts";
import { counting, type Story } from "./crash-scenario.ts";

/** The file that shows that the moment to kill the process has come. */
export const momentFile = "moment";

/** Steps in a worktree of one repository. */
function planSteps(folder: string, commit: string, steps: readonly Step[]): Plan {
  const job = makeJob("edit", steps, { sweep: makeSweep(), checkout: "worktree" });
  const repository = pinRepository("lib", { path: join(folder, "repos/lib"), base: commit });
  return makePlanOf(makeWorkflow([job]), [planTarget("edit", "lib")], [repository]);
}

/** A git is killed while it holds the index, and then the owner: what the step before did must still be there. */
export const killedGit: Story = {
  plan: (folder, commit) => {
    const hang = [
      `mkfifo ${folder}/pipe; lock=$(git rev-parse --git-path index.lock)`,
      `git update-index --add --stdin <> ${folder}/pipe & pid=$!`,
      `until test -e "$lock"; do :; done; kill -9 $pid; touch ${folder}/${momentFile}; sleep 300`,
    ].join("; ");
    return planSteps(folder, commit, [
      makeStep("make", counting(folder, "echo precious > made; count end")),
      makeStep(
        "stage",
        counting(folder, `if test ! -e ${folder}/${momentFile}; then ${hang}; fi; git add made; count end`),
      ),
    ]);
  },
};

/** The owner is killed while a hook of its action runs: the hook must not go on beside the next attempt. */
export const slowHook: Story = {
  plan: (folder, commit) =>
    planSteps(folder, commit, [
      makeStep("make", counting(folder, "echo made > made; count end")),
      makeUse("commit", "git/commit", { message: "Make it", branch: "made", hooks: true }),
    ]),
  prepare: (folder) => {
    const repository = join(folder, "repos/lib");
    git(repository, "config", "user.name", "Ann");
    git(repository, "config", "user.email", "ann@example.test");
    const work = `if mkdir ${folder}/${momentFile}; then sleep 300; fi; count end`;
    writeFiles(join(repository, ".git/hooks"), { "pre-commit": `#!/bin/sh\n${counting(folder, work)}\n` });
    chmodSync(join(repository, ".git/hooks/pre-commit"), 0o755);
  },
  judge: (folder) => {
    const log = git(join(folder, "repos/lib"), "log", "--format=%s", "main..made");
    return log === "Make it" ? [] : [`the branch holds: ${log}`];
  },
};
