import { firstLine, GitError } from "../../../repositories/git-error.ts";
import { confineGit } from "../../../repositories/git-facts.ts";
import { gitEnvironment, runGit } from "../../../repositories/run-git.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome, Target } from "../../types.ts";
import { inspectRepository } from "./inspect-fleet.ts";

/** Lets git read the commit that HEAD leads to and the tree of that commit: a ref alone may lead to what is not there. */
export async function lookInside(context: CheckContext, target: Target | null): Promise<Outcome> {
  const { repository, tree } = await inspectRepository(context, target);
  if (tree === undefined) return { status: "notApplicable", reason: "it is no working tree" };
  const env = confineGit(gitEnvironment(), tree);
  const ask = async (args: readonly string[]): Promise<string> =>
    (await runGit({ folder: tree.realPath, args, env, signal: context.signal })).stdout.toString("utf8");
  try {
    const names = (await ask(["ls-tree", "--name-only", "-z", "HEAD"])).split("\0").length - 1;
    const { branch } = repository;
    if (branch !== undefined) {
      const refs = await ask(["for-each-ref", `refs/heads/${branch}`, `refs/remotes/origin/${branch}`]);
      if (refs === "") return { status: "fail", reason: `git knows no branch ${branch}`, expected: branch };
    }
    return { status: "pass", reason: `git reads HEAD and its ${names} ${names === 1 ? "entry" : "entries"}` };
  } catch (error) {
    if (!(error instanceof GitError)) throw error;
    return {
      status: "fail",
      reason: `git cannot read what HEAD leads to: ${firstLine(error.stderr) || error.message}`,
      remediation: { text: "Look for what is missing, or clone again:", command: `git -C ${repository.path} fsck` },
    };
  }
}
