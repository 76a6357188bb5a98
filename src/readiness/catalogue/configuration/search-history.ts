import { relative } from "node:path";
import { GitError } from "../../../repositories/git-error.ts";
import { runGit } from "../../../repositories/run-git.ts";
import type { CheckContext } from "../../context.ts";
import { findPlainText } from "./find-plain-text.ts";

/** What the history of some files holds. */
export interface HistorySearch {
  /** How many commits were looked through; null when the folder is no git repository. */
  readonly commits: number | null;
  /** `mahavishnu.yaml in 3f2a91c0: a GitHub token`, each once. */
  readonly found: readonly string[];
}

/** Commits before which nothing is looked at: enough for years, and bounded. */
const mostCommits = 2_000;

/** Looks through every line that was ever added to the files in the workspace's git history. */
export async function searchHistory(context: CheckContext, paths: readonly string[]): Promise<HistorySearch> {
  const inside = paths.map((path) => relative(context.workspace, path)).filter((path) => !path.startsWith(".."));
  if (inside.length === 0) return { commits: 0, found: [] };
  const args = [
    "log",
    `--max-count=${mostCommits}`,
    "--all",
    "--patch",
    "--unified=0",
    "--no-color",
    "--no-ext-diff",
    "--no-textconv",
    "--format=commit %H",
    "--",
    ...inside,
  ];
  try {
    const { stdout } = await runGit({ folder: context.workspace, args, signal: context.signal, timeoutMs: 55_000 });
    return readLog(stdout.toString("utf8"));
  } catch (error) {
    if (error instanceof GitError && error.failure === "notARepository") return { commits: null, found: [] };
    // A repository without a commit has no history.
    if (error instanceof GitError && /does not have any commits|bad default revision/.test(error.stderr))
      return { commits: 0, found: [] };
    throw error;
  }
}

/** Reads the output of `git log --patch`. */
export function readLog(log: string): HistorySearch {
  const found = new Set<string>();
  let commits = 0;
  let commit = "";
  let file = "";
  for (const line of log.split("\n")) {
    if (line.startsWith("commit ")) {
      commits += 1;
      commit = line.slice("commit ".length, "commit ".length + 8);
    } else if (line.startsWith("+++ ")) file = line.replace(/^\+\+\+ (?:b\/)?/, "");
    else if (line.startsWith("+")) {
      for (const { what } of findPlainText(line.slice(1))) found.add(`${file} in ${commit}: ${what}`);
    }
  }
  return { commits, found: [...found] };
}
