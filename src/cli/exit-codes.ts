/** Exit codes of every command. `docs/reference` is generated from this table. */
export const exitCodes = {
  /** Everything succeeded, or ready. */
  success: 0,
  /** A failure, a cancelled run, not ready, or a file of the user that is not valid. */
  failure: 1,
  /** Usable with reservations (readiness), or some targets failed (a run that is partial). */
  reservations: 2,
  /** A wrong flag or argument, or no workspace. */
  usage: 64,
  /** The tool itself failed. */
  internal: 70,
  /** Ended by Ctrl-C. */
  interrupted: 130,
  /** Ended by TERM or HUP. */
  terminated: 143,
} as const;

/** An exit code that a command may end with. */
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes];

/** What a code means when a command says nothing of its own about it. */
export const exitCodeMeanings: Readonly<Record<ExitCode, string>> = {
  0: "success",
  1: "failure, or a file of the workspace that is not valid",
  2: "usable with reservations, or some targets failed",
  64: "wrong flag or argument, or no workspace",
  70: "the tool itself failed",
  130: "ended by Ctrl-C",
  143: "ended by TERM or HUP",
};

/** A command's own words for some codes; every command can end with 0, 1, 64, 70, 130 and 143. */
export type ExitCodeNotes = Readonly<Partial<Record<ExitCode, string>>>;

/**
 * The lines "Exit codes" at the end of a command's help. Code 2 is listed only for a command that says what it means there.
 *
 * @example
 * describeExitCodes({ 2: "some targets failed" }); // ["Exit codes:", "  0    success", ...]
 */
export function describeExitCodes(notes: ExitCodeNotes): string[] {
  const codes = Object.values(exitCodes).filter((code) => code !== exitCodes.reservations || notes[code] !== undefined);
  return [
    "Exit codes:",
    ...codes.map((code) => `  ${String(code).padEnd(4)} ${notes[code] ?? exitCodeMeanings[code]}`),
  ];
}
