import type { SessionRegister, SessionRow } from "./session-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** How many sessions one subject has at most: browsers, and sign-ins that nobody has signed out of. */
export const sessionsPerSubject = 20;
/** How many there are at most. */
export const sessionsInAll = 10_000;
/** A session that is over is kept so long, so that its sign-in cannot be used again; longer than a sign-in may take. */
export const overKeptMs = 3_600_000;
const useWrittenEveryMs = 60_000;

/** The part of the store that knows who has signed in. Who a session is of is written once: a trigger of the schema sees to it. */
export function createSessionRegister({ db, commits, read }: StoreParts): SessionRegister {
  // Only servers where people sign in ask, and nobody else is to wait until all this is compiled.
  let statements: ReturnType<typeof prepareAll> | undefined;
  const sql = (): ReturnType<typeof prepareAll> => (statements ??= prepareAll(db));

  return {
    addSession: (session) =>
      commits.run(() => {
        const { forget, insert, endAbove, endAboveAll } = sql();
        const { mark, login, subject, groups, issuer, createdAt, expiresAt, createdFrom, seal } = session;
        forget.run(createdAt - overKeptMs, createdAt - overKeptMs);
        const list = JSON.stringify(groups);
        const { changes } = insert.run(mark, login, subject, list, issuer, createdAt, expiresAt, createdFrom, seal);
        if (changes === 0) return false;
        endAbove.run(createdAt, subject, createdAt, sessionsPerSubject);
        endAboveAll.run(createdAt, createdAt, sessionsInAll);
        return true;
      }),

    getSession: (mark) =>
      read(() => {
        const row = sql().one.get(mark) as (Omit<SessionRow, "groups"> & { readonly groups: string }) | undefined;
        return row === undefined ? null : { ...row, groups: JSON.parse(row.groups) as readonly string[] };
      }),

    endSession: (mark, time) => commits.run(() => sql().end.run(time, mark).changes > 0),

    endSessionsOf: (subject, time) => commits.run(() => Number(sql().endOf.run(time, subject, time).changes)),

    noteSessionUse: ({ mark, time }) => commits.run(() => void sql().use.run(time, mark, time)),
  };
}

function prepareAll(db: StoreParts["db"]) {
  return {
    forget: db.prepare("DELETE FROM session WHERE expires_at < ? OR ended_at < ?"),
    insert: db.prepare(`
      INSERT INTO session(mark, login, subject, groups, issuer, created_at, expires_at, created_from, seal)
      VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(login) DO NOTHING`),
    endAbove: db.prepare(`
      UPDATE session SET ended_at = ? WHERE position IN (
        SELECT position FROM session WHERE subject = ? AND ended_at IS NULL AND expires_at > ?
        ORDER BY position DESC LIMIT -1 OFFSET ?)`),
    endAboveAll: db.prepare(`
      UPDATE session SET ended_at = ? WHERE position IN (
        SELECT position FROM session WHERE ended_at IS NULL AND expires_at > ? ORDER BY position DESC LIMIT -1 OFFSET ?)`),
    one: db.prepare(`
      SELECT mark, login, subject, groups, issuer, created_at AS createdAt, expires_at AS expiresAt, created_from AS createdFrom, seal,
        ended_at AS endedAt, used_at AS usedAt
      FROM session WHERE mark = ?`),
    end: db.prepare("UPDATE session SET ended_at = ? WHERE mark = ? AND ended_at IS NULL"),
    endOf: db.prepare("UPDATE session SET ended_at = ? WHERE subject = ? AND ended_at IS NULL AND expires_at > ?"),
    use: db.prepare(
      `UPDATE session SET used_at = ? WHERE mark = ? AND (used_at IS NULL OR used_at <= ? - ${useWrittenEveryMs})`,
    ),
  };
}
