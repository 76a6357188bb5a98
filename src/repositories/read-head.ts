import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { GitError } from "./git-error.ts";
import { confineGit } from "./git-facts.ts";
import { gitEnvironment, runGit } from "./run-git.ts";
import { openWorkingTree, type WorkingTree } from "./working-tree.ts";

/** Where HEAD stands. */
export interface Head {
  /** Null in a repository without commits. */
  readonly head: string | null;
  /** Null when detached. */
  readonly branch: string | null;
}

const objectId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;
/** Git itself follows no more symbolic refs than this. */
const maxSymbolicRefs = 5;

/**
 * Reads where HEAD stands from git's files, without a process; only repositories that keep refs in another form
 * (reftable) cost one or two processes.
 *
 * @throws GitError when there is no repository or HEAD cannot be understood.
 * @example
 * const { head } = await readHead(repository.path);
 */
export async function readHead(path: string, options: { readonly signal?: AbortSignal } = {}): Promise<Head> {
  const opened = await openWorkingTree(path);
  if (opened.tree !== undefined) return await readHeadOf(opened.tree, options);
  const failure = opened.problem === "denied" ? "denied" : "notARepository";
  throw new GitError(
    { failure, args: [], folder: path, exitCode: null, stderr: "" },
    `cannot read HEAD of ${path}: ${opened.reason}`,
  );
}

/** Like `readHead`, for a working tree that was opened already. */
export async function readHeadOf(tree: WorkingTree, { signal }: { readonly signal?: AbortSignal } = {}): Promise<Head> {
  // Git writes a HEAD that cannot be valid where refs live in a reftable, so that nobody trusts the files.
  if (existsSync(join(tree.commonDir, "reftable"))) return await askGit(tree, signal);
  const first = readText(join(tree.gitDir, "HEAD")) ?? "";
  const target = symbolicTarget(first);
  if (target === null) {
    if (objectId.test(first)) return { head: first, branch: null };
    return await askGit(tree, signal);
  }
  const head = resolveRef(tree, target, maxSymbolicRefs);
  if (head === undefined) return await askGit(tree, signal);
  return { head, branch: target.startsWith("refs/heads/") ? target.slice("refs/heads/".length) : null };
}

/** The commit of a ref; null when it does not exist; undefined when the files do not make sense. */
function resolveRef(tree: WorkingTree, name: string, depth: number): string | null | undefined {
  if (depth === 0 || !isSafeRef(name)) return undefined;
  const ownFolder = /^refs\/(?:bisect|worktree|rewritten)\//.test(name) ? tree.gitDir : tree.commonDir;
  const text = readText(join(ownFolder, name));
  if (text === undefined) return findPacked(tree.commonDir, name);
  const target = symbolicTarget(text);
  if (target !== null) return resolveRef(tree, target, depth - 1);
  return objectId.test(text) ? text : undefined;
}

/** A ref becomes a path of a file: it must not lead out of the git folder. */
function isSafeRef(name: string): boolean {
  return name.startsWith("refs/") && !name.split("/").includes("..") && !name.includes("\0");
}

function symbolicTarget(text: string): string | null {
  return text.startsWith("ref:") ? text.slice("ref:".length).trim() : null;
}

function findPacked(commonDir: string, name: string): string | null | undefined {
  const text = readText(join(commonDir, "packed-refs"));
  if (text === undefined) return null;
  const end = `\n${text}\n`.indexOf(` ${name}\n`);
  if (end === -1) return null;
  const line = `\n${text}`.slice(0, end);
  const id = line.slice(line.lastIndexOf("\n") + 1);
  return objectId.test(id) ? id : undefined;
}

/** The trimmed text of a file; undefined when there is none. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    // A folder where a file was looked for: another ref continues this ref's name.
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EISDIR") return undefined;
    throw error;
  }
}

async function askGit(tree: WorkingTree, signal: AbortSignal | undefined): Promise<Head> {
  const call = { folder: tree.realPath, signal, env: confineGit(gitEnvironment(), tree) };
  const symbolic = await runGit({ ...call, args: ["symbolic-ref", "--quiet", "HEAD"], accept: [0, 1] });
  const resolved = await runGit({
    ...call,
    args: ["rev-parse", "--quiet", "--verify", "HEAD^{commit}"],
    accept: [0, 1],
  });
  const name = symbolic.stdout.toString("utf8").trim();
  const head = resolved.stdout.toString("utf8").trim();
  if (name === "" && head === "") {
    throw new GitError(
      {
        failure: "exit",
        args: ["rev-parse", "HEAD"],
        folder: tree.realPath,
        exitCode: resolved.exitCode,
        stderr: resolved.stderr,
      },
      `HEAD of ${tree.path} names no commit and no branch`,
    );
  }
  return {
    head: head === "" ? null : head,
    branch: name.startsWith("refs/heads/") ? name.slice("refs/heads/".length) : null,
  };
}
