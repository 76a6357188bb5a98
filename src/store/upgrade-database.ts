import { mkdtempSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { explainOpening, listLiveOwners, migrate, quickCheck } from "./open-database.ts";
import { inspectFile } from "./inspect-file.ts";
import { migrations } from "./migrations.ts";

/** What an upgrade of a database does, seen on a copy of it. */
export interface UpgradeRehearsal {
  /** Versions of the schema. The same when there is nothing to do. */
  readonly from: number;
  readonly to: number;
  /** Bytes of the database, with what lies in its log. */
  readonly bytes: number;
  /** How long bringing the copy forward took, in milliseconds. */
  readonly ms: number;
  /** Names of tables that are new, and of those whose columns change. */
  readonly added: readonly string[];
  readonly changed: readonly string[];
  /** Rows that are there before and after. */
  readonly runs: number;
  readonly events: number;
  readonly auditEntries: number;
  /** Processes that are at work with the database now, and keep it from being brought forward. */
  readonly pids: readonly number[];
}

/**
 * Brings a copy of a state database forward, checks that nothing is lost and that the copy is sound, and removes it. The database itself
 * is only read. Null when there is no database yet.
 *
 * @throws MahavishnuError STATE_DAMAGED, STATE_NEWER, STATE_FOREIGN or STATE_UNREADABLE
 */
export function rehearseUpgrade(file: string): UpgradeRehearsal | null {
  try {
    if (inspectFile(file).isNew) return null;
    // Beside it: there is room for it where it has to be, and the copy holds what only its owner may read.
    const folder = mkdtempSync(join(dirname(file), "upgrade-"));
    try {
      return rehearse(file, join(folder, "state.db"));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  } catch (error) {
    throw explainOpening(error, file);
  }
}

function rehearse(file: string, copy: string): UpgradeRehearsal {
  const pids = copyDatabase(file, copy);
  const db = new DatabaseSync(copy);
  try {
    const from = readNumber(db, "PRAGMA user_version");
    const before = countRows(db);
    const tables = describeTables(db);
    const began = performance.now();
    // Owners do not matter to a copy that nobody works with.
    db.exec("UPDATE owner SET lease_until = 0");
    migrate(db, file);
    const ms = performance.now() - began;
    quickCheck(db, file);
    const after = countRows(db);
    for (const key of ["runs", "events", "auditEntries"] as const) {
      if (after[key] !== before[key]) throw new Error(`an upgrade of ${file} would lose ${key}`);
    }
    const now = describeTables(db);
    const added = [...now.keys()].filter((name) => !tables.has(name));
    const changed = [...now]
      .filter(([name, text]) => tables.has(name) && tables.get(name) !== text)
      .map(([name]) => name);
    return { from, to: migrations.length, bytes: statSync(copy).size, ms, added, changed, ...before, pids };
  } finally {
    db.close();
  }
}

/** One consistent moment, what lies in the log included; writers go on meanwhile. */
function copyDatabase(file: string, copy: string): number[] {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 10_000 });
  try {
    db.prepare("VACUUM INTO ?").run(copy);
    return listLiveOwners(db).map(({ pid }) => pid);
  } finally {
    db.close();
  }
}

function countRows(db: DatabaseSync): { runs: number; events: number; auditEntries: number } {
  const count = (table: string): number => readNumber(db, `SELECT count(*) AS n FROM ${table}`);
  return { runs: count("run"), events: count("event"), auditEntries: count("audit") };
}

function describeTables(db: DatabaseSync): Map<string, string> {
  const rows = db.prepare(
    "SELECT name, sql FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
  );
  return new Map((rows.all() as { name: string; sql: string }[]).map(({ name, sql }) => [name, sql]));
}

function readNumber(db: DatabaseSync, sql: string): number {
  const row = db.prepare(sql).get() as Record<string, number> | undefined;
  return Object.values(row ?? {})[0] ?? 0;
}
