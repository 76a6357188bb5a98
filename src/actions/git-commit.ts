import * as z from "zod";
import { type ActionContext, ActionError, type ActionRepository, type Outputs } from "../engine/contract.ts";
import { firstLine, GitError } from "../repositories/git-error.ts";
import { CommitTree } from "./commit-tree.ts";
import { defineAction } from "./define-action.ts";

const Input = z.strictObject({
  message: z.string().trim().min(1).describe("The commit's message; a trailer that names the step is added."),
  branch: z
    .string()
    .min(1)
    .optional()
    .describe(
      "The branch to commit on, made where the checkout stands if it does not exist. Needed in a worktree, which is on no branch.",
    ),
  paths: z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe("What is committed besides what is staged already; everything that has changed if left out."),
  ifBranchExists: z
    .enum(["fail", "replace"])
    .default("fail")
    .describe(
      "What happens when the branch exists with other content: `replace` lets it begin anew where the checkout stands.",
    ),
  hooks: z.boolean().default(false).describe("Whether the repository's hooks run."),
});

/** `git/commit`: commits what has changed in the checkout. Never pushes. */
export const gitCommit = defineAction({
  name: "git/commit",
  description:
    "Commits what has changed in the checkout, with the author of the git configuration. Never pushes. A retry recognises its own commit, and an equal one on the branch, and commits nothing twice.",
  input: Input,
  needsRepository: true,
  outputs: {
    changed: "`true` when there is a commit with the changes, `false` when nothing was to be committed",
    created: "`true` when this attempt made the commit",
    commit: "the commit's id; that of HEAD when nothing was to be committed",
    branch: "the branch that the checkout is on afterwards",
  },
  run: async (input, context) => {
    if (context.repository === null) throw new ActionError("git/commit works on a repository, and here is none");
    try {
      return await commitOnce(input, context, context.repository);
    } catch (error) {
      throw translate(error);
    }
  },
});

async function commitOnce(
  input: z.output<typeof Input>,
  context: ActionContext,
  repository: ActionRepository,
): Promise<Outputs> {
  const { branch, message, paths, hooks, ifBranchExists } = input;
  const key = context.idempotencyKey;
  const tree = await CommitTree.open(context, repository);
  const head = await tree.readCommit("HEAD");
  const current = await tree.readBranch();
  const report = (changed: boolean, created: boolean, commit: string, on: string): Outputs => {
    const what = created ? "committed" : changed ? "is committed already" : "has nothing to commit";
    context.log(`${repository.name} ${what}: ${commit.slice(0, 12)} on ${on}`);
    return { changed: String(changed), created: String(created), commit, branch: on };
  };
  const isOwn = head?.keys.includes(key) === true;
  // The key is the same in every round: what a later one has changed is committed too.
  await tree.stage(paths, { again: isOwn });
  if (!(await tree.hasStaged())) return report(isOwn, false, head?.id ?? "", current ?? "");
  if (branch === undefined && current === null) {
    throw new ActionError("the checkout is on no branch, so its commit would be lost: give `branch`");
  }
  if (branch !== undefined && branch !== current) {
    const known = await tree.readCommit(`refs/heads/${branch}`);
    if (known === null) await tree.createBranch(branch);
    else if (known.tree === (await tree.writeTree())) {
      await tree.switchTo(branch);
      return report(true, false, known.id, branch);
    } else if (known.id === head?.id) await tree.switchTo(branch);
    // A branch that ends in this step's own commit is of an earlier round of it.
    else if (known.keys.includes(key) || ifBranchExists === "replace") {
      context.log(`branch ${branch} was at ${known.id} and begins anew`);
      await tree.replaceBranch(branch);
    } else {
      throw new ActionError(
        `branch ${branch} exists with other content, at ${known.id.slice(0, 12)}: name another, delete it, or set ifBranchExists: replace`,
      );
    }
  }
  const id = await tree.commit({ message, key, hooks });
  return report(true, true, id, branch ?? current ?? "");
}

/** What git refuses, a retry does not mend; locks and time-outs may be gone the next time. */
function translate(error: unknown): unknown {
  if (!(error instanceof GitError)) return error;
  if (error.failure === "locked" || error.failure === "timeout") {
    return new ActionError(error.message, "infrastructure", { cause: error });
  }
  const unknownAuthor = /tell me who you are|unable to auto-detect email|empty ident name/i.test(error.stderr);
  const message = unknownAuthor
    ? "git knows no author: set user.name and user.email, for instance with `git config --global`"
    : `git: ${firstLine(error.stderr) || error.message}`;
  return new ActionError(message, "exit", { cause: error });
}
