import { formatDuration } from "../lib/duration.ts";
import { type GitError, firstLine } from "./git-error.ts";
import type { RepositoryFinding } from "./findings.ts";
import type { GitFacts, Repository } from "./types.ts";
import type { OpenedTree } from "./working-tree.ts";

/** A lock that is older has lost its owner: no command of git holds one for so long. */
export const staleLockMs = 10 * 60_000;

/** The finding for a path without a working tree. An optional repository may be absent. */
export function explainProblem(
  repository: Repository,
  opened: Exclude<OpenedTree, { tree: object }>,
): RepositoryFinding {
  const { problem: code, reason } = opened;
  const severity = repository.optional && code === "missing" ? "warning" : "error";
  return { code, severity, message: `${repository.path}: ${reason}`, fix: fixProblem(repository, code) };
}

function fixProblem({ path, url }: Repository, problem: Exclude<OpenedTree, { tree: object }>["problem"]): string {
  const clone =
    url === undefined ? `Clone it into ${path}, or correct its path.` : `git clone ${quote(url)} ${quote(path)}`;
  switch (problem) {
    case "missing":
    case "notGit":
      return clone;
    case "denied":
      return `Give the current user the right to read ${path} and the folders above it.`;
    case "notAFolder":
      return "Correct its path in the manifest.";
    case "bare":
      return "Name a clone with a working tree: git worktree add, or git clone.";
    case "broken":
      return `Look with git -C ${quote(path)} status, or remove the folder and clone again.`;
    case "noAnswer":
      return "See whether the disk or network mount of this path works.";
  }
}

/** The finding for a git process that failed. */
export function explainGitError({ path }: Repository, error: GitError): RepositoryFinding {
  if (error.failure === "dubiousOwnership") {
    return {
      code: "untrusted",
      severity: "error",
      message: `${path}: git does not trust the folder, since another user owns it`,
      fix: `Run as its owner, or: git config --global --add safe.directory ${quote(path)}`,
    };
  }
  const denied = error.failure === "denied";
  return {
    code: denied ? "denied" : "gitFailed",
    severity: "error",
    message: error.failure === "timeout" ? error.message : `${path}: ${firstLine(error.stderr) || error.message}`,
    fix: denied
      ? `Give the current user the right to read everything in ${path}/.git.`
      : `Follow what this says: git -C ${quote(path)} status`,
  };
}

/** Findings from what git knows. */
export function explainFacts({ path }: Repository, facts: GitFacts): RepositoryFinding[] {
  const findings: RepositoryFinding[] = [];
  const git = `git -C ${quote(path)}`;
  const { head, branch, operation, locks, changed } = facts;
  if (operation !== null) {
    const end = operation === "bisect" ? "bisect reset" : `${operation} --continue, or --abort`;
    findings.push({
      code: "operation",
      severity: "warning",
      message: `a ${operation} was begun and not ended`,
      fix: `${git} ${end}`,
    });
  }
  for (const { path: lock, ageMs } of locks) {
    const stale = ageMs >= staleLockMs;
    findings.push({
      code: stale ? "staleLock" : "locked",
      severity: stale ? "warning" : "note",
      message: `${lock} is ${formatDuration(ageMs)} old`,
      fix: stale
        ? `When no git process works there: rm ${quote(lock)}`
        : "Wait until the git process that holds it ends.",
    });
  }
  if (head === null) {
    findings.push({
      code: "unborn",
      severity: "warning",
      message: "there is no commit yet, so no worktree can start from it",
      fix: `${git} commit`,
    });
  }
  // Rebase and bisect detach HEAD themselves; that is told already.
  if (head !== null && branch === null && operation === null) {
    findings.push({
      code: "detached",
      severity: "warning",
      message: `HEAD is detached at ${head.slice(0, 10)}`,
      fix: `${git} switch BRANCH`,
    });
  }
  if (changed > 0) {
    const files = changed === 1 ? "1 changed or untracked path" : `${changed} changed or untracked paths`;
    findings.push({ code: "dirty", severity: "note", message: files, fix: `Commit or stash them: ${git} status` });
  }
  return findings;
}

/** A word for a shell, with quotes when it needs them. */
function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
