import { type Diagnostic, renderDiagnostics } from "./diagnostics.ts";
import { type ErrorCode, errorCatalogue } from "./error-catalogue.ts";

/** What an error carries besides its code and message. */
export interface ErrorDetails {
  /** Overrides the catalogue's general advice with the fix for this case. */
  readonly fix?: string;
  readonly cause?: unknown;
}

/**
 * Every failure that the product foresees: a stable code, a message that names the place, and the fix.
 *
 * @example
 * throw new MahavishnuError("USAGE", "unknown output format \"xml\"", { fix: "Use text, json or junit." });
 */
export class MahavishnuError extends Error {
  override readonly name: string = "MahavishnuError";
  readonly code: ErrorCode;
  readonly fix: string;
  readonly exitCode: number;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.fix = details.fix ?? errorCatalogue[code].fix;
    this.exitCode = errorCatalogue[code].exitCode;
  }
}

/** One or more places in files that the user wrote are wrong. The message shows each with a caret. */
export class UserFileError extends MahavishnuError {
  override readonly name = "UserFileError";
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[], code: ErrorCode = "USER_FILE_INVALID", details: ErrorDetails = {}) {
    super(code, renderDiagnostics(diagnostics), details);
    this.diagnostics = diagnostics;
  }
}

/** The error's message, whatever was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** What was thrown, as an error. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown), { cause: thrown });
}
