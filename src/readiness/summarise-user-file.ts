import { renderDiagnostic } from "../lib/diagnostics.ts";
import { MahavishnuError, messageOf, UserFileError } from "../lib/errors.ts";
import type { Outcome } from "./types.ts";

/**
 * What is wrong with a file of the user, in one line: the first place, and how many more there are.
 *
 * @example
 * summariseUserFile(error); // "waivers.yaml:1:1: the document must be a map, not text"
 */
export function summariseUserFile(error: unknown): string {
  const [first, ...others] = error instanceof UserFileError ? error.diagnostics : [];
  if (first === undefined) return messageOf(error);
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `${first.file}:${first.line}:${first.column}: ${first.message}${more}`;
}

/** The outcome of a check that could not load a file of the user. @throws what is no fault of the user. */
export function failForUserFile(error: unknown): Outcome {
  if (!(error instanceof MahavishnuError)) throw error;
  const reason = summariseUserFile(error);
  if (!(error instanceof UserFileError)) return { status: "fail", reason, remediation: { text: error.fix } };
  return {
    status: "fail",
    reason,
    evidence: error.diagnostics.map((diagnostic) => ({ kind: "file", text: renderDiagnostic(diagnostic) })),
    remediation: { text: error.diagnostics[0]?.hint ?? error.fix },
  };
}
