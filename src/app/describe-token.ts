import type { TokenRow } from "../store/identity-contract.ts";

/** A token as it is told: everything but the token. Times are ISO 8601 in UTC. */
export interface TokenItem {
  readonly id: string;
  readonly subject: string;
  readonly name: string | null;
  /** The only role that it has; null when it acts with its subject's bindings. */
  readonly role: string | null;
  /** The selector of repositories that the role is given for; null for all. */
  readonly where: string | null;
  readonly state: TokenState;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly expiresAt: string;
  readonly revokedBy: string | null;
  readonly revokedAt: string | null;
  /** Known to a minute. */
  readonly usedAt: string | null;
  readonly usedFrom: string | null;
}

/** Whether a token counts; `ended` when the key that signed it was ended. */
export type TokenState = "valid" | "expired" | "revoked" | "ended";

/** Describes a token. */
export function describeToken(row: TokenRow, now: number): TokenItem {
  const { id, subject, name, role, scope, createdBy, revokedBy, usedFrom } = row;
  return {
    id,
    subject,
    name,
    role,
    where: scope,
    state: stateOf(row, now),
    createdBy,
    createdAt: tell(row.createdAt),
    expiresAt: tell(row.expiresAt),
    revokedBy,
    revokedAt: row.revokedAt === null ? null : tell(row.revokedAt),
    usedAt: row.usedAt === null ? null : tell(row.usedAt),
    usedFrom,
  };
}

function stateOf({ revokedAt, keyEndedAt, expiresAt }: TokenRow, now: number): TokenState {
  if (revokedAt !== null) return "revoked";
  if (keyEndedAt !== null) return "ended";
  return expiresAt <= now ? "expired" : "valid";
}

/** A time of the store as documents have it. */
export function tell(time: number): string {
  return new Date(time).toISOString();
}
