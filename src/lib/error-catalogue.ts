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
  STATE_DAMAGED: {
    summary: "The state database is damaged. It is left where it is.",
    fix: "Stop every mahavishnu process, copy the state folder away, then restore a backup or move the file aside to begin with an empty history.",
    exitCode: 1,
  },
  STATE_NEWER: {
    summary: "The state database was written by a newer version.",
    fix: "Use that version or a newer one; an older one never opens it.",
    exitCode: 1,
  },
  STATE_FOREIGN: {
    summary: "The file named by state.url belongs to another program.",
    fix: "Name another file in state.url.",
    exitCode: 1,
  },
  STATE_UNREADABLE: {
    summary: "The state database cannot be opened or written.",
    fix: "Check owner, mode, free space and that the file system is not read-only.",
    exitCode: 1,
  },
  STATE_BUSY: {
    summary: "Another process has held the state database for too long.",
    fix: "See which mahavishnu process hangs, end it and run again.",
    exitCode: 1,
  },
  RUN_OWNER_STALE: {
    summary: "Another process has taken over this run.",
    fix: "Follow it with `mahavishnu runs watch ID`.",
    exitCode: 1,
  },
  RUN_SEQUENCE: {
    summary: "The history of a run is not what its owner expects.",
    fix: "Report it: a run has one writer, and this must not happen.",
    exitCode: 70,
  },
} as const satisfies Record<string, ErrorDefinition>;

/** The code of one kind of failure. */
export type ErrorCode = keyof typeof errorCatalogue;
