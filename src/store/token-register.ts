import type { SQLInputValue } from "node:sqlite";
import type { TokenRegister, TokenRow, TokenUse } from "./identity-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** How often the last use of a token is written at most, over all processes; milliseconds. */
export const useWrittenEveryMs = 60_000;

/** A token that has expired is in the register for so long still, revoked or not; the audit trail knows of it for ever. */
export const expiredKeptMs = 90 * 86_400_000;

const columns = `
  SELECT token.position, id, subject, name, role, scope, token.kid, hash, created_by AS createdBy, token.created_at AS createdAt,
    expires_at AS expiresAt, revoked_at AS revokedAt, revoked_by AS revokedBy, used_at AS usedAt, used_from AS usedFrom,
    signing_key.ended_at AS keyEndedAt
  FROM token JOIN signing_key ON signing_key.kid = token.kid`;

/** The register of tokens. What a token may do, and until when, is written once: triggers of the schema see to it. */
export function createTokenRegister({ db, commits, read }: StoreParts, changes: IdentityChanges): TokenRegister {
  const insert = db.prepare(`
    INSERT INTO token(id, subject, name, role, scope, kid, hash, created_by, created_at, expires_at)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const forget = db.prepare("DELETE FROM token WHERE expires_at < ?");
  const one = db.prepare(`${columns} WHERE id = ?`);
  const byId = db.prepare("UPDATE token SET revoked_at = ?, revoked_by = ? WHERE id = ? AND revoked_at IS NULL");
  const bySubject = db.prepare(`
    UPDATE token SET revoked_at = ?, revoked_by = ? WHERE subject = ? AND revoked_at IS NULL AND expires_at > ?
    RETURNING id`);
  const use = db.prepare(`
    UPDATE token SET used_at = ?, used_from = ? WHERE id = ? AND (used_at IS NULL OR used_at <= ? - ${useWrittenEveryMs})`);

  return {
    addToken: (token) =>
      commits.run(() => {
        const { id, subject, name, role, scope, kid, hash, createdBy, createdAt, expiresAt } = token;
        forget.run(createdAt - expiredKeptMs);
        insert.run(id, subject, name, role, scope, kid, hash, createdBy, createdAt, expiresAt);
      }),

    getToken: (id) =>
      read(() => {
        const row = one.get(id);
        return row === undefined ? null : toRow(row);
      }),

    listTokens: ({ subject, beforePosition, limit }) =>
      read(() => {
        const where: string[] = [];
        const values: SQLInputValue[] = [];
        if (subject !== undefined) {
          where.push("subject = ?");
          values.push(subject);
        }
        if (beforePosition !== undefined) {
          where.push("token.position < ?");
          values.push(beforePosition);
        }
        const condition = where.length === 0 ? "" : ` WHERE ${where.join(" AND ")}`;
        return db
          .prepare(`${columns}${condition} ORDER BY token.position DESC LIMIT ?`)
          .all(...values, limit)
          .map(toRow);
      }),

    revokeToken: (id, { by, time }) =>
      commits.run(() => {
        changes.count += 1;
        return byId.run(time, by, id).changes > 0;
      }),

    revokeTokensOf: (subject, { by, time }) =>
      commits.run(() => {
        changes.count += 1;
        return (bySubject.all(time, by, subject, time) as { id: string }[]).map(({ id }) => id);
      }),

    noteTokenUses: (uses: readonly TokenUse[]) =>
      commits.run(() => {
        for (const { id, time, from } of uses) use.run(time, from, id, time);
      }),

    identityVersion: () => changes.count,
  };
}

/** Counts what this process has changed: `dataVersion` tells of other processes only. */
export interface IdentityChanges {
  count: number;
}

function toRow(row: object): TokenRow {
  return { ...row } as unknown as TokenRow;
}
