import { isAlive } from "../lib/process-identity.ts";
import type { BackupRegister, BackupRow } from "./backup-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** Rows of backups that failed or are removed go after this time. */
const forgottenAfterMs = 400 * 86_400_000;

interface Columns {
  readonly id: string;
  readonly file: string;
  readonly created_at: number;
  readonly ended_at: number | null;
  readonly state: BackupRow["state"];
  readonly bytes: number | null;
  readonly error: string | null;
  readonly scheduled: number;
  readonly pid: number;
  readonly start_time: string;
  readonly boot_id: string;
}

/** The part of the store that knows which backups were made. */
export function createBackupRegister({ db, commits, read, now }: StoreParts): BackupRegister {
  // Most processes never ask.
  let statements: ReturnType<typeof prepareAll> | undefined;
  const sql = (): ReturnType<typeof prepareAll> => (statements ??= prepareAll(db));
  return {
    beginBackup: ({ id, file, createdAt, scheduled, pid, startTime, bootId }, noneSince) =>
      commits.run(() => {
        const { since, add, forget } = sql();
        if (noneSince !== null) {
          const rows = (since.all(noneSince) as unknown as Columns[]).map(toRow);
          if (rows.some(({ state }) => state !== "failed")) return false;
        }
        forget.run(createdAt - forgottenAfterMs);
        add.run(id, file, createdAt, scheduled ? 1 : 0, pid, startTime, bootId);
        return true;
      }),
    endBackup: (id, end) =>
      commits.run(() => {
        const bytes = end.state === "good" ? end.bytes : null;
        const error = end.state === "failed" ? end.error : null;
        sql().end.run(end.state, now(), bytes, error, id);
      }),
    removeBackup: (id) => commits.run(() => void sql().remove.run(id)),
    listBackups: (limit) => read(() => (sql().list.all(limit) as unknown as Columns[]).map(toRow)),
  };
}

function prepareAll(db: StoreParts["db"]) {
  return {
    since: db.prepare("SELECT * FROM backup WHERE created_at > ?"),
    add: db.prepare(`
      INSERT INTO backup(id, file, created_at, state, scheduled, pid, start_time, boot_id) VALUES(?, ?, ?, 'making', ?, ?, ?, ?)`),
    end: db.prepare(
      "UPDATE backup SET state = ?, ended_at = ?, bytes = ?, error = ? WHERE id = ? AND state = 'making'",
    ),
    remove: db.prepare("UPDATE backup SET state = 'removed' WHERE id = ?"),
    forget: db.prepare("DELETE FROM backup WHERE created_at < ? AND state IN ('failed', 'removed')"),
    list: db.prepare("SELECT * FROM backup ORDER BY position DESC LIMIT ?"),
  };
}

function toRow(row: Columns): BackupRow {
  const { id, file, created_at: createdAt, ended_at: endedAt, bytes, error } = row;
  const known = { id, file, createdAt, endedAt, bytes, scheduled: row.scheduled === 1 };
  const lives = row.state !== "making" || isAlive({ pid: row.pid, startTime: row.start_time, bootId: row.boot_id });
  if (lives) return { ...known, state: row.state, error };
  return { ...known, state: "failed", error: "the process that made it has ended" };
}
