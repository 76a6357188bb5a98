import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GitBatch } from "./git-batch.ts";
import { GitError } from "./git-error.ts";
import { parseStatus } from "./parse-status.ts";
import { gitEnvironment, type GitOutput, runGit } from "./run-git.ts";
import type { GitFacts } from "./types.ts";
import { openWorkingTree, type WorkingTree } from "./working-tree.ts";

/** How facts are read. */
export interface FactOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds for the one git process of a repository. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds since 1970, to tell the age of locks. */
  readonly now?: () => number;
  /** Made once by `gitEnvironment()` for many repositories. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Runs `statusArguments` in many folders; faster than one call after the other. */
  readonly batch?: GitBatch | undefined;
}

/** The one process that facts cost. */
export const statusArguments: readonly string[] = ["--no-optional-locks", "status", "--porcelain=v2", "--branch", "-z"];

/**
 * Reads what git knows of a working tree: one process, the rest from files.
 *
 * @throws GitError with the reason: no repository, not trusted, damaged, too slow.
 * @example
 * const { branch, changed } = await readGitFacts(repository.path);
 */
export async function readGitFacts(path: string, options: FactOptions = {}): Promise<GitFacts> {
  const opened = await openWorkingTree(path);
  if (opened.tree !== undefined) return await readFactsOf(opened.tree, options);
  const failure = opened.problem === "denied" ? "denied" : "notARepository";
  throw new GitError({ failure, args: [], folder: path, exitCode: null, stderr: "" }, `${path}: ${opened.reason}`);
}

/** Like `readGitFacts`, for a working tree that was opened already. */
export async function readFactsOf(tree: WorkingTree, options: FactOptions = {}): Promise<GitFacts> {
  const { now = Date.now, batch } = options;
  const { stdout } = await (batch === undefined ? runStatus(tree, options) : batch.run(tree.realPath));
  return { ...parseStatus(stdout), locks: findLocks(tree, now()), operation: findOperation(tree) };
}

async function runStatus(
  tree: WorkingTree,
  { signal, timeoutMs, env = gitEnvironment() }: FactOptions,
): Promise<GitOutput> {
  return await runGit({
    folder: tree.realPath,
    args: statusArguments,
    signal,
    env: confineGit(env, tree),
    timeoutMs,
  });
}

/** Git that finds its folder damaged looks for a repository above it, and would speak of the wrong one. */
export function confineGit(env: NodeJS.ProcessEnv, { realPath }: WorkingTree): NodeJS.ProcessEnv {
  return { ...env, GIT_CEILING_DIRECTORIES: dirname(realPath) };
}

/** A merge, rebase, cherry-pick, revert or bisect that was begun and not ended. */
export function findOperation({ gitDir, entries }: WorkingTree): GitFacts["operation"] {
  // A rebase that stops at a conflict leaves the files of other operations too, so it comes first.
  if (entries.has("rebase-merge") || entries.has("rebase-apply")) return "rebase";
  if (entries.has("MERGE_HEAD")) return "merge";
  if (entries.has("CHERRY_PICK_HEAD")) return "cherry-pick";
  if (entries.has("REVERT_HEAD")) return "revert";
  if (entries.has("sequencer")) return readSequencer(join(gitDir, "sequencer", "todo"));
  return entries.has("BISECT_LOG") ? "bisect" : null;
}

/** Between two commits of a series only the list of what is left tells what is going on. */
function readSequencer(todo: string): GitFacts["operation"] {
  try {
    return readFileSync(todo, "utf8").startsWith("revert") ? "revert" : "cherry-pick";
  } catch {
    return null;
  }
}

/** Lock files in the git folder and below `refs/`, where git puts them. */
export function findLocks({ gitDir, commonDir, entries }: WorkingTree, now: number): GitFacts["locks"] {
  const paths = [...entries].filter((name) => name.endsWith(".lock")).map((name) => join(gitDir, name));
  if (commonDir !== gitDir) paths.push(...locksIn(commonDir));
  paths.push(...locksBelow(join(commonDir, "refs")));
  return paths.flatMap((path) => {
    const stats = statSync(path, { throwIfNoEntry: false });
    // Its owner has just ended: no lock any more.
    return stats === undefined ? [] : [{ path, ageMs: Math.max(0, Math.round(now - stats.mtimeMs)) }];
  });
}

function locksIn(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".lock"))
    .map((name) => join(folder, name));
}

function locksBelow(folder: string): string[] {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    // Refs may live in another form, or vanish while we look.
    return [];
  }
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return locksBelow(path);
    return entry.name.endsWith(".lock") ? [path] : [];
  });
}
