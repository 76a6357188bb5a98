import { type ErrorCode, errorCatalogue } from "../../lib/error-catalogue.ts";
import type { Diagnostic } from "../../lib/diagnostics.ts";
import { MahavishnuError, UserFileError } from "../../lib/errors.ts";

/** A failure as RFC 9457 says it (`application/problem+json`), with what the product adds. */
export interface Problem {
  /** A page that explains this kind of failure. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** The request's id, by which the logs and the audit trail know it. */
  readonly instance: string;
  readonly code: ErrorCode;
  readonly fix: string;
  readonly diagnostics: readonly Diagnostic[];
}

/** The status of each failure that is not the server's own fault; 500 for the others. */
const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  USAGE: 400,
  UNAUTHENTICATED: 401,
  ACCESS_DENIED: 403,
  RUN_NOT_FOUND: 404,
  WORKFLOW_NOT_FOUND: 404,
  TOKEN_NOT_FOUND: 404,
  NOT_FOUND: 404,
  WEBHOOK_NOT_FOUND: 404,
  ALERT_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  CHECK_NOT_FOUND: 404,
  SUITE_NOT_FOUND: 404,
  RUN_STATE: 409,
  SUITE_BUSY: 409,
  SUITE_STATE: 409,
  RUN_OWNED: 409,
  RUN_OWNER_STALE: 409,
  RUN_LEFTOVERS: 409,
  KEY_TAKEN: 409,
  PRECONDITION_FAILED: 412,
  BODY_TOO_LARGE: 413,
  BODY_TYPE: 415,
  USER_FILE_INVALID: 422,
  INPUT_INVALID: 422,
  EXPRESSION_FAILED: 422,
  PLAN_EMPTY: 422,
  SELECTION_UNDECIDED: 422,
  REPOSITORY_OUTSIDE_ROOTS: 422,
  WORKTREE_LOST: 409,
  BACKUP_NOT_FOUND: 404,
  BACKUP_DAMAGED: 422,
  BACKUP_KEY: 422,
  STATE_NEWER: 422,
  REPOSITORY_MISSING: 422,
  CONFIG_INVALID: 422,
  REQUEST_MISDIRECTED: 421,
  RATE_LIMITED: 429,
  NOT_BUILT: 501,
  SERVER_STOPPING: 503,
  STATE_BUSY: 503,
  STATE_UNREADABLE: 503,
  STATE_DAMAGED: 503,
};

/**
 * Tells any thrown value as a problem. Of what the product did not foresee nothing is told but that it happened.
 *
 * @example
 * toProblem(new MahavishnuError("RUN_NOT_FOUND", 'there is no run "k3"'), "req-1").status; // 404
 */
export function toProblem(thrown: unknown, requestId: string): Problem {
  const error =
    thrown instanceof MahavishnuError
      ? thrown
      : new MahavishnuError("INTERNAL", "the server itself failed", {
          fix: `Report it with the request id ${requestId}; the server's log has more.`,
        });
  const { code, fix } = error;
  const diagnostics = error instanceof UserFileError ? error.diagnostics : [];
  return {
    type: `urn:mahavishnu:error:${code}`,
    title: errorCatalogue[code].summary,
    status: statuses[code] ?? 500,
    detail: error.message,
    instance: `urn:uuid:${requestId}`,
    code,
    fix,
    diagnostics,
  };
}
