import { nameGitCommand } from "./git-error.ts";

/** What this product asks git for. The list is fixed: whoever counts by verb never has more of them. */
export const gitVerbs = [
  "add",
  "branch",
  "checkout",
  "clone",
  "commit",
  "config",
  "diff",
  "fetch",
  "for-each-ref",
  "fsck",
  "hash-object",
  "init",
  "log",
  "ls-files",
  "ls-remote",
  "ls-tree",
  "push",
  "remote",
  "reset",
  "rev-list",
  "rev-parse",
  "show",
  "status",
  "switch",
  "symbolic-ref",
  "tag",
  "update-index",
  "update-ref",
  "version",
  "worktree add",
  "worktree list",
  "worktree lock",
  "worktree prune",
  "worktree remove",
  "worktree unlock",
  "write-tree",
] as const;

const known: ReadonlySet<string> = new Set(gitVerbs);

/**
 * What a git command does, from a fixed list; `other` for what is not on it.
 *
 * @example
 * gitVerbOf(["-c", "core.hooksPath=hooks", "worktree", "add", "--detach", "there"]); // "worktree add"
 */
export function gitVerbOf(args: readonly string[]): string {
  const verb = nameGitCommand(args).slice("git ".length);
  const whole = verb === "worktree" ? `worktree ${args[args.indexOf(verb) + 1] ?? ""}` : verb;
  return known.has(whole) ? whole : "other";
}
