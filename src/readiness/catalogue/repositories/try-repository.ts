import { randomBytes } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { identifyProcess } from "../../../lib/process-identity.ts";
import { firstLine, GitError } from "../../../repositories/git-error.ts";
import { confineGit } from "../../../repositories/git-facts.ts";
import { gitEnvironment, runGit } from "../../../repositories/run-git.ts";
import { runPatiently } from "../../../repositories/run-patiently.ts";
import type { WorkingTree } from "../../../repositories/working-tree.ts";
import { expectMet, Unmet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome, Target } from "../../types.ts";
import { inspectRepository } from "./inspect-fleet.ts";

/** Begins the names of the ref and of the worktree's registration, which git names after the folder. */
const prefix = "mahavishnu-readiness-";
/** The ref lies outside of what users look at and of what is pushed; in no folder of its own, for git would leave that behind. */
const refPrefix = "refs/";
/** Nothing that would stay: no log of the ref, no cleaning up that git thinks is due. */
const quiet = ["-c", "core.logAllRefUpdates=false", "-c", "gc.auto=0", "-c", "maintenance.auto=false"];
/** Milliseconds that git waits for another git's lock of refs. */
const patient = ["-c", "core.filesRefLockTimeout=2000", "-c", "core.packedRefsTimeout=2000"];

/**
 * Makes a worktree without files and a ref in a repository of the user, and takes both away again: what every run does there.
 * The repository is left as it was.
 */
export async function tryRepository(context: CheckContext, target: Target | null): Promise<Outcome> {
  const { repository, tree } = await inspectRepository(context, target);
  if (tree === undefined) return { status: "notApplicable", reason: "it is no working tree: see RPO003" };
  const git = gitIn(context, tree);
  const name = `${prefix}${process.pid}-${randomBytes(4).toString("hex")}`;
  const folder = join((await context.scratch("rpo002")).folder, name);
  try {
    await sweep(git, tree);
    if ((await git("look at HEAD", ["rev-parse", "--verify", "--quiet", "HEAD^{commit}"], [0, 1])) === "") {
      return { status: "notApplicable", reason: "it has no commit to start from: see RPO003" };
    }
    try {
      await git("make a worktree", ["worktree", "add", "--quiet", "--detach", "--no-checkout", folder, "HEAD"]);
      // In git's newer form of refs even a deleted one leaves its trace, so it is not made there.
      if (!hasTables(tree)) await tryRef(git, tree, `${refPrefix}${name}`);
    } finally {
      await remove(git, tree, folder);
    }
    expectGone(tree, name);
    const what = hasTables(tree) ? "a scratch worktree" : "a scratch worktree and ref";
    return { status: "pass", reason: `${what} could be made in ${repository.path} and removed again` };
  } catch (error) {
    if (error instanceof Unmet) return error.outcome;
    throw error;
  }
}

type Git = (what: string, args: readonly string[], accept?: readonly number[]) => Promise<string>;

/** Git in the repository, as the user that runs this; what it refuses is the check's answer. */
function gitIn(context: CheckContext, tree: WorkingTree): Git {
  const env = confineGit(gitEnvironment(), tree);
  return async (what, args, accept = [0]) => {
    const call = { folder: tree.realPath, args: [...quiet, ...patient, ...args], accept, env, signal: context.signal };
    try {
      const run = args[0] === "worktree" ? runPatiently : runGit;
      return (await run(call)).stdout.toString("utf8").trim();
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      throw new Unmet(`git cannot ${what}: ${firstLine(error.stderr) || error.message}`, {
        evidence: [{ kind: "command", text: `git -C ${tree.realPath} ${args.join(" ")}` }],
        remediation: { text: error.fix },
      });
    }
  };
}

async function tryRef(git: Git, { commonDir }: WorkingTree, ref: string): Promise<void> {
  const commit = await git("look at HEAD", ["rev-parse", "HEAD"]);
  try {
    await git("write a ref", ["update-ref", ref, commit, ""]);
    const read = await git("read a ref", ["rev-parse", ref]);
    expectMet(read === commit, "a ref that was just written leads elsewhere", { expected: commit, observed: read });
    await git("delete a ref", ["update-ref", "-d", ref]);
  } finally {
    // A lock can keep git from deleting even what nobody else knows of.
    await rm(join(commonDir, ref), { force: true });
  }
}

/** Takes a worktree away, also a half-made one. */
async function remove(git: Git, tree: WorkingTree, folder: string): Promise<void> {
  if (existsSync(folder)) {
    await git("remove a worktree", ["worktree", "remove", "--force", "--force", folder], [0, 128]);
    await rm(folder, { recursive: true, force: true });
  }
  // Git removes its own registration; one that it does not know any more is ours all the same.
  const registrations = join(tree.commonDir, "worktrees");
  if (!list(registrations).includes(basename(folder))) return;
  await rm(join(registrations, basename(folder)), { recursive: true, force: true });
}

function expectGone({ commonDir }: WorkingTree, name: string): void {
  const ref = `${refPrefix}${name}`;
  const places = [join("worktrees", name), ref, join("logs", ref)];
  const left = places.filter((place) => existsSync(join(commonDir, place)));
  expectMet(left.length === 0, "the scratch worktree or ref could not be removed", { observed: left.join(", ") });
}

function hasTables({ commonDir }: WorkingTree): boolean {
  return existsSync(join(commonDir, "reftable"));
}

/** Removes what killed checks have left: worktrees whose process is gone, and refs likewise. */
async function sweep(git: Git, tree: WorkingTree): Promise<void> {
  for (const name of list(join(tree.commonDir, "worktrees"))) {
    if (!isAbandoned(name)) continue;
    const registration = join(tree.commonDir, "worktrees", name);
    const gitFile = readLine(join(registration, "gitdir"));
    if (gitFile.includes(prefix)) await rm(dirname(gitFile), { recursive: true, force: true });
    await rm(registration, { recursive: true, force: true });
  }
  if (hasTables(tree)) return;
  const refs = await git("list refs", ["for-each-ref", "--format=%(refname)", `${refPrefix}${prefix}*`]);
  for (const ref of refs.split("\n")) {
    if (isAbandoned(ref.slice(refPrefix.length))) await git("delete a ref", ["update-ref", "-d", ref]);
  }
}

function isAbandoned(name: string): boolean {
  const pid = Number(new RegExp(`^${prefix}(\\d+)-[0-9a-f]{8}$`).exec(name)?.[1]);
  return Number.isSafeInteger(pid) && identifyProcess(pid) === null;
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function readLine(file: string): string {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return "";
  }
}
