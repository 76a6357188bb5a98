import type { TreeProblem } from "./working-tree.ts";

/** What may be wrong with one repository of a fleet. */
export type FindingCode =
  | TreeProblem
  | "outside"
  | "gitFolderOutside"
  | "duplicate"
  | "alias"
  | "nested"
  | "untrusted"
  | "gitFailed"
  | "unborn"
  | "detached"
  | "staleLock"
  | "locked"
  | "operation"
  | "dirty"
  | "secretInUrl";

/** An error: runs on the repository cannot work or are refused. A warning: they may surprise. A note: worth knowing. */
export type FindingSeverity = "error" | "warning" | "note";

/** One thing that was found about one repository. */
export interface RepositoryFinding {
  readonly code: FindingCode;
  readonly severity: FindingSeverity;
  readonly message: string;
  /** What a person does about it. */
  readonly fix: string;
  /** The other repository of a conflict. */
  readonly other?: string;
}

/** Each code in a word or two, for tables and counts. */
export const findingWords: Readonly<Record<FindingCode, string>> = {
  missing: "missing",
  denied: "denied",
  notAFolder: "not a folder",
  notGit: "not a git repository",
  bare: "bare",
  broken: "broken",
  noAnswer: "no answer",
  outside: "outside the roots",
  gitFolderOutside: "git folder outside",
  duplicate: "duplicate",
  alias: "alias",
  nested: "nested",
  untrusted: "untrusted owner",
  gitFailed: "git failed",
  unborn: "no commits",
  detached: "detached",
  staleLock: "stale lock",
  locked: "locked",
  operation: "half-done operation",
  dirty: "dirty",
  secretInUrl: "secret in URL",
};
