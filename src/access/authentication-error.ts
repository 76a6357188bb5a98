import { MahavishnuError } from "../lib/errors.ts";

/** What could be proved of a token that is refused: it was signed by us, so its id and subject may be believed. */
export interface ProvedToken {
  readonly id: string;
  readonly subject: string;
}

/**
 * A token does not count. Whoever showed it is told only that, whatever is wrong with it; the reason is for the audit trail, and
 * holds nothing that the caller wrote, save in quotes and cut short.
 */
export class AuthenticationError extends MahavishnuError {
  override readonly name = "AuthenticationError";
  readonly reason: string;
  /** Null when nothing about the token is proved. */
  readonly token: ProvedToken | null;

  constructor(
    reason: string,
    { token = null, cause }: { readonly token?: ProvedToken | null; readonly cause?: unknown } = {},
  ) {
    super("UNAUTHENTICATED", "the token is not valid", cause === undefined ? {} : { cause });
    this.reason = reason;
    this.token = token;
  }
}

/** Text of a caller for a reason: in quotes, without line breaks, and cut short. */
export function quoteClaim(value: unknown): string {
  const text = JSON.stringify(typeof value === "string" ? value : (value ?? null)) ?? "nothing";
  const plain = text.replaceAll(/[\p{C}\p{Z}]/gu, " ");
  return plain.length > 80 ? `${plain.slice(0, 79)}…` : plain;
}
