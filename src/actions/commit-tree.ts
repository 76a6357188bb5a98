import { lstatSync, rmSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";
import { type ActionContext, ActionError, type ActionRepository } from "../engine/contract.ts";
import { gitEnvironment, type GitOutput, runGit } from "../repositories/run-git.ts";
import { openWorkingTree, type WorkingTree } from "../repositories/working-tree.ts";

/** The trailer that carries the key of the step that made a commit. */
const trailer = "Mahavishnu-Key";

/** Hooks and large checkouts take their time; the step's own limit comes first. */
const timeoutMs = 60 * 60_000;

/** A commit, as far as `git/commit` looks at it. */
export interface KnownCommit {
  readonly id: string;
  readonly tree: string;
  /** Keys of the steps that made it; one, unless somebody squashed. */
  readonly keys: readonly string[];
}

/** The checkout in which `git/commit` works: one git command for each method. */
export class CommitTree {
  readonly #folder: string;
  readonly #commonDir: string;
  readonly #env: NodeJS.ProcessEnv;
  readonly #signal: AbortSignal;
  readonly #onStart: (pid: number) => void;

  private constructor(tree: WorkingTree, env: NodeJS.ProcessEnv, { signal, started }: ActionContext) {
    this.#folder = tree.realPath;
    this.#commonDir = tree.commonDir;
    this.#env = env;
    this.#signal = signal;
    this.#onStart = started;
  }

  /** @throws ActionError when there is no working tree, or when an operation in it is not finished. */
  static async open(context: ActionContext, { checkout, path }: ActionRepository): Promise<CommitTree> {
    const { tree, ...problem } = await openWorkingTree(checkout);
    if (tree === undefined)
      throw new ActionError(`${checkout}: ${"reason" in problem ? problem.reason : "no working tree"}`);
    const operation = operations.find(([file]) => tree.entries.has(file));
    if (operation !== undefined) {
      throw new ActionError(`${checkout}: a ${operation[1]} is not finished; finish it or give it up first`);
    }
    if (resolve(checkout) !== resolve(path)) {
      // A worktree belongs to this one step: whoever held these locks was ended before this attempt began.
      for (const lock of ["index.lock", "HEAD.lock"]) rmSync(join(tree.gitDir, lock), { force: true });
    }
    const env = { ...gitEnvironment(await context.environment()), GIT_LITERAL_PATHSPECS: "1" };
    return new CommitTree(tree, env, context);
  }

  /** The commit that a ref names, or null when there is none. */
  async readCommit(ref: string): Promise<KnownCommit | null> {
    const found = await this.#git(["rev-parse", "--verify", "--quiet", `${ref}^{commit}`], {
      accept: [0, 1],
    });
    if (found.exitCode !== 0) return null;
    const format = `--format=%H%n%T%n%(trailers:key=${trailer},valueonly)`;
    const { stdout } = await this.#git(["log", "-1", format, found.stdout.toString("utf8").trim()]);
    const [id = "", tree = "", ...keys] = stdout.toString("utf8").split("\n");
    return { id, tree, keys: keys.filter((key) => key !== "") };
  }

  /** The branch that HEAD is on; null when it is detached. */
  async readBranch(): Promise<string | null> {
    const { exitCode, stdout } = await this.#git(["symbolic-ref", "--quiet", "--short", "HEAD"], { accept: [0, 1] });
    return exitCode === 0 ? stdout.toString("utf8").trim() : null;
  }

  /**
   * Stages paths (as they are, no patterns), or everything. A path that leads to nothing is an error, unless they have been
   * committed before: a file whose removal is in HEAD is known to nobody any more.
   */
  async stage(paths: readonly string[] | undefined, { again }: { readonly again: boolean }): Promise<void> {
    if (paths === undefined) {
      await this.#git(["add", "--all"]);
      return;
    }
    const outside = paths.find((path) => isAbsolute(path) || path.split("/").includes(".."));
    if (outside !== undefined) throw new ActionError(`paths: ${outside} leaves the checkout`);
    const known: string[] = [];
    for (const path of paths) if (!again || (await this.#knows(path))) known.push(path);
    if (known.length > 0) await this.#git(["add", "--all", "--", ...known]);
  }

  /** Whether there is something at a path, in the checkout or in the index. */
  async #knows(path: string): Promise<boolean> {
    if (isThere(join(this.#folder, path))) return true;
    return (await this.#git(["ls-files", "-z", "--", path])).stdout.length > 0;
  }

  /** Whether the index differs from HEAD. */
  async hasStaged(): Promise<boolean> {
    const { exitCode } = await this.#git(["diff", "--cached", "--quiet", "--no-ext-diff"], { accept: [0, 1] });
    return exitCode === 1;
  }

  /** The tree that a commit of the index would have. */
  async writeTree(): Promise<string> {
    return (await this.#git(["write-tree"])).stdout.toString("utf8").trim();
  }

  async createBranch(branch: string): Promise<void> {
    const { exitCode } = await this.#git(["check-ref-format", `refs/heads/${branch}`], { accept: [0, 1] });
    if (exitCode !== 0 || branch.startsWith("-")) throw new ActionError(`"${branch}" is no name for a branch`);
    await this.#git(["switch", "--quiet", "--no-track", "--create", branch]);
  }

  /** Moves HEAD to a branch and keeps the changes; git refuses when they do not fit. */
  async switchTo(branch: string): Promise<void> {
    await this.#git(["switch", "--quiet", "--no-guess", branch]);
  }

  /** Lets an existing branch begin anew at HEAD. */
  async replaceBranch(branch: string): Promise<void> {
    const format = "--format=%(worktreepath)";
    const { stdout } = await this.#git(["for-each-ref", format, `refs/heads/${branch}`]);
    const place = stdout.toString("utf8").trim();
    if (place !== "") throw new ActionError(`branch ${branch} is checked out in ${place}, so it cannot begin anew`);
    await this.#git(["switch", "--quiet", "--no-track", "--force-create", branch]);
  }

  /** Commits the index and gives the commit's id. */
  async commit({
    message,
    key,
    hooks,
  }: {
    readonly message: string;
    readonly key: string;
    readonly hooks: boolean;
  }): Promise<string> {
    const settings = hooks ? ["-c", `core.hooksPath=${await this.#findHooks()}`] : [];
    const withTrailer = await this.#git(["interpret-trailers", `--trailer=${trailer}: ${key}`], {
      input: `${message}\n`,
    });
    const args = ["commit", "--quiet", "--cleanup=whitespace", "--file=-", ...(hooks ? [] : ["--no-verify"])];
    await this.#git([...settings, ...args], { input: withTrailer.stdout });
    return (await this.#git(["rev-parse", "HEAD"])).stdout.toString("utf8").trim();
  }

  /** Where the repository has its hooks: every git process of this product is told that there are none. */
  async #findHooks(): Promise<string> {
    const { stdout } = await this.#git(["config", "--show-scope", "--type=path", "--get-all", "core.hooksPath"]);
    const own = stdout
      .toString("utf8")
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("command\t"));
    const configured = own.at(-1)?.split("\t")[1];
    if (configured !== undefined) return resolve(this.#folder, configured);
    return join(this.#commonDir, "hooks");
  }

  async #git(
    args: readonly string[],
    more: { accept?: readonly number[]; input?: string | Buffer } = {},
  ): Promise<GitOutput> {
    const about = { env: this.#env, signal: this.#signal, onStart: this.#onStart, timeoutMs };
    return runGit({ folder: this.#folder, args, ...about, ...more });
  }
}

/** Also true of a link that leads nowhere; false below what is no folder. */
function isThere(path: string): boolean {
  try {
    lstatSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Files of a git folder that an unfinished operation leaves: a commit now would be a part of it. */
const operations: readonly (readonly [file: string, name: string])[] = [
  ["MERGE_HEAD", "merge"],
  ["rebase-merge", "rebase"],
  ["rebase-apply", "rebase"],
  ["CHERRY_PICK_HEAD", "cherry-pick"],
  ["REVERT_HEAD", "revert"],
  ["BISECT_LOG", "bisect"],
];
