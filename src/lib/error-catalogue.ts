/** How one kind of failure is told: what happened in general, what to do, and the exit code of the process. */
export interface ErrorDefinition {
  /** One sentence, without the particulars of a case. */
  readonly summary: string;
  /** What a person does about it. */
  readonly fix: string;
  /** 1 failure or a bad user file, 64 usage, 70 internal; see "Exit codes" in docs/reference/errors.md. */
  readonly exitCode: 1 | 2 | 64 | 70;
}

/**
 * Every error code of the product. A code is never reused and never changes its meaning;
 * docs/reference/errors.md is generated from this table.
 */
export const errorCatalogue = {
  INTERNAL: {
    summary: "The tool itself failed.",
    fix: "Run again with -v for the stack, and report it with that output.",
    exitCode: 70,
  },
  USAGE: {
    summary: "A flag, an argument or a combination of them is not valid.",
    fix: "See the command's --help.",
    exitCode: 64,
  },
  WORKSPACE_NOT_FOUND: {
    summary: "There is no mahavishnu.yaml in this folder or above it.",
    fix: "Change into a workspace, name one with -C DIR, or make one with `mahavishnu init`.",
    exitCode: 64,
  },
  USER_FILE_INVALID: {
    summary: "A file of the workspace is not valid.",
    fix: "Mend the named places; each names the line and what is expected.",
    exitCode: 1,
  },
} as const satisfies Record<string, ErrorDefinition>;

/** The code of one kind of failure. */
export type ErrorCode = keyof typeof errorCatalogue;
