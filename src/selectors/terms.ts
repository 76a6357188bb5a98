/** Which facts a term looks at: the manifest alone, files, git, or the history of runs. */
export type TermFacts = "manifest" | "files" | "git" | "changes" | "runs";

/** What stands after the colon of a term. */
export type TermValue = "none" | "glob" | "word" | "file" | "ref" | "state";

/** One kind of term of the grammar. */
export interface TermDefinition {
  readonly value: TermValue;
  readonly facts: TermFacts;
  /** What the term picks, to go after "repositories". */
  readonly picks: string;
  readonly example: string;
}

/** States that `last:` knows: how the repository's latest target stands. */
export const lastStates = [
  "queued",
  "running",
  "paused",
  "cancelling",
  "interrupted",
  "succeeded",
  "partial",
  "failed",
  "cancelled",
  "skipped",
] as const;

/** Every term of the grammar. The reference page is made from this table. */
export const terms = {
  name: { value: "glob", facts: "manifest", picks: "whose name matches", example: "name:auth-*" },
  path: {
    value: "glob",
    facts: "manifest",
    picks: "whose path, relative to the fleet's root, matches",
    example: "path:edge/**",
  },
  role: { value: "word", facts: "manifest", picks: "with this role", example: "role:service" },
  tag: { value: "word", facts: "manifest", picks: "with this tag or one below it", example: "tag:lang/ts" },
  needs: {
    value: "word",
    facts: "manifest",
    picks: "that name this repository in their `needs`",
    example: "needs:auth-lib",
  },
  dependents: {
    value: "word",
    facts: "manifest",
    picks: "that depend on this one, directly or through others",
    example: "dependents:auth-lib",
  },
  has: { value: "file", facts: "files", picks: "that hold this file or folder", example: "has:package.json" },
  dirty: { value: "none", facts: "git", picks: "with changed, staged or untracked files", example: "dirty" },
  ahead: { value: "none", facts: "git", picks: "with commits that their upstream lacks", example: "ahead" },
  behind: { value: "none", facts: "git", picks: "that lack commits of their upstream", example: "behind" },
  changed: {
    value: "ref",
    facts: "changes",
    picks: "whose tracked files differ from the point where they left this ref",
    example: "changed:origin/main",
  },
  last: { value: "state", facts: "runs", picks: "whose latest target is in this state", example: "last:failed" },
} as const satisfies Record<string, TermDefinition>;

/** The name of a term. */
export type TermName = keyof typeof terms;

/** The names of all terms. */
export const termNames: readonly TermName[] = Object.keys(terms) as TermName[];

/** Terms that the manifest alone answers: for access scopes and for whatever must not touch a disk. */
export const manifestTerms: ReadonlySet<TermName> = new Set(
  termNames.filter((name) => terms[name].facts === "manifest"),
);
