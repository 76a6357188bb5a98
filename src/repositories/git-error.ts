import { MahavishnuError } from "../lib/errors.ts";

/** Why git failed, as far as what it said is known. */
export type GitFailure =
  | "dubiousOwnership"
  | "locked"
  | "notARepository"
  | "denied"
  | "timeout"
  | "tooMuchOutput"
  | "exit";

/** What a failed git command left. */
export interface GitErrorDetails {
  readonly failure: GitFailure;
  readonly args: readonly string[];
  readonly folder: string;
  /** Null when a signal or the time limit ended it. */
  readonly exitCode: number | null;
  readonly stderr: string;
}

/** A git command failed. `failure` says why, `stderr` what git said. */
export class GitError extends MahavishnuError {
  override readonly name = "GitError";
  readonly failure: GitFailure;
  readonly args: readonly string[];
  readonly folder: string;
  /** Exit code of git, not of this product. */
  readonly gitExitCode: number | null;
  readonly stderr: string;

  constructor({ failure, args, folder, exitCode, stderr }: GitErrorDetails, message?: string) {
    const said = firstLine(stderr);
    const fix = fixes[failure]?.(folder);
    super(
      "GIT_FAILED",
      message ??
        `${nameGitCommand(args)} failed in ${folder} (exit ${exitCode ?? "by a signal"})${said === "" ? "" : `: ${said}`}`,
      fix === undefined ? {} : { fix },
    );
    this.failure = failure;
    this.args = args;
    this.folder = folder;
    this.gitExitCode = exitCode;
    this.stderr = stderr;
  }
}

const fixes: Partial<Record<GitFailure, (folder: string) => string>> = {
  dubiousOwnership: (folder) =>
    `Let the owner run it, or trust the folder: git config --global --add safe.directory ${folder}`,
  locked: () => "Wait until the other git process ends; `mahavishnu repos check` names locks that nobody holds.",
  notARepository: (folder) => `Clone the repository into ${folder}, or correct its path in the manifest.`,
  denied: (folder) => `Give the current user the right to read ${folder}.`,
};

/** Options before git's command that have their value in the next argument. */
const optionsWithValue = new Set([
  "-c",
  "-C",
  "--git-dir",
  "--work-tree",
  "--namespace",
  "--config-env",
  "--exec-path",
]);

/**
 * Names a git command for a message, without the settings that come before it.
 *
 * @example
 * nameGitCommand(["-c", "core.hooksPath=hooks", "commit", "--quiet"]); // "git commit"
 */
export function nameGitCommand(args: readonly string[]): string {
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] ?? "";
    if (optionsWithValue.has(arg)) at += 1;
    else if (!arg.startsWith("-")) return `git ${arg}`;
  }
  return "git";
}

/** Tells failures apart by what git says in the C locale. */
export function classifyFailure(stderr: string): GitFailure {
  if (/dubious ownership|unsafe repository/.test(stderr)) return "dubiousOwnership";
  if (/\.lock': File exists|could not lock config file/.test(stderr)) return "locked";
  // Git reads the files of all worktrees, also of one that another git has begun and not filled in yet.
  if (/failed to read .*worktrees\/[^/]+\/\w+/.test(stderr)) return "locked";
  // The folder of all registrations goes with the last one, perhaps while another git begins the next.
  if (/could not create directory of '.*worktrees\//.test(stderr)) return "locked";
  if (/not a git repository/.test(stderr)) return "notARepository";
  if (/Permission denied/i.test(stderr)) return "denied";
  return "exit";
}

/** The first line that says what went wrong, without git's own "fatal:". */
export function firstLine(stderr: string): string {
  const lines = stderr.split("\n").map((line) => line.trim());
  const line = lines.find((text) => /^(?:fatal|error):/.test(text)) ?? lines.find((text) => text !== "") ?? "";
  return line.replace(/^(?:fatal|error): /, "");
}
