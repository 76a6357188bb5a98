import { randomUUID } from "node:crypto";
import { mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import { inspectFile, refuseForeign } from "./inspect-file.ts";
import { applicationId, migrations } from "./migrations.ts";
import { isLive, type OwnerColumns, toOwner } from "./owner-row.ts";

/** Up to this size a whole check at every opening costs a few milliseconds; larger files are checked by `production`. */
const checkedAtOpening = 4 * 1024 * 1024;

/** Milliseconds that one statement waits for another process's write before it is tried again later. */
export const busyTimeoutMs = 250;
/** Opening waits longer: it happens once, and there is nothing else to do meanwhile. */
const openTimeoutMs = 10_000;

/**
 * Opens the state database, makes it when there is none, and brings its schema forward.
 * WAL and `synchronous=FULL`: what was committed survives the loss of power.
 *
 * @throws MahavishnuError STATE_DAMAGED, STATE_NEWER, STATE_FOREIGN or STATE_UNREADABLE; the file is left as it is.
 */
export function openDatabase(file: string): DatabaseSync {
  try {
    const { isNew, needsLook } = inspectFile(file);
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    if (needsLook) lookInto(file);
    const db = new DatabaseSync(file, { timeout: openTimeoutMs });
    try {
      refuseForeign(file, readMarks(db));
      db.exec("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA temp_store=MEMORY");
      migrate(db, file);
      if (!isNew && !needsLook) checkSmall(db, file);
      db.exec(`PRAGMA busy_timeout=${busyTimeoutMs}`);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw explainOpening(error, file);
  }
}

/**
 * Whether there is a database to open; nothing is made to find out.
 *
 * @throws MahavishnuError like `openDatabase`.
 */
export function hasDatabase(file: string): boolean {
  try {
    return !inspectFile(file).isNew;
  } catch (error) {
    throw explainOpening(error, file);
  }
}

/** A new database in memory. */
export function makeDatabaseInMemory(): DatabaseSync {
  const db = new DatabaseSync(":memory:");
  migrate(db, "the empty history");
  return db;
}

/** A connection that cannot write, not even when it is closed, so that a file which is refused stays as it is. */
function lookInto(file: string): void {
  const db = new DatabaseSync(file, { readOnly: true, timeout: openTimeoutMs });
  try {
    refuseForeign(file, readMarks(db));
    checkSmall(db, file);
  } finally {
    db.close();
  }
}

function readMarks(db: DatabaseSync): { id: number; version: number; hasTables: boolean } {
  const tables = db.prepare("SELECT count(*) AS n FROM sqlite_schema").get() as { n: number };
  return { id: readPragma(db, "application_id"), version: readPragma(db, "user_version"), hasTables: tables.n > 0 };
}

/**
 * Brings the schema forward, all of it or nothing. Two processes may do so at once: the version is read again inside the write lock.
 *
 * @throws MahavishnuError STATE_IN_USE while a process of an older version is at work: it would go on with a schema that it does not know.
 */
export function migrate(db: DatabaseSync, file: string): void {
  if (readPragma(db, "user_version") === migrations.length) return;
  db.exec("BEGIN EXCLUSIVE");
  try {
    refuseForeign(file, readMarks(db));
    const from = readPragma(db, "user_version");
    if (from > 0 && from < migrations.length) expectNobody(db, file, from);
    for (const step of migrations.slice(from)) {
      if (typeof step === "string") db.exec(step);
      else step(db);
    }
    if (from === 0) db.prepare("INSERT INTO meta(key, value) VALUES('workspaceId', ?)").run(randomUUID());
    db.exec(`PRAGMA application_id=${applicationId}; PRAGMA user_version=${migrations.length}; COMMIT`);
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

function expectNobody(db: DatabaseSync, file: string, version: number): void {
  const pids = listLiveOwners(db).map(({ pid }) => pid);
  if (pids.length === 0) return;
  const who = `${pids.length === 1 ? "process" : "processes"} ${pids.join(", ")}`;
  const message = `${file} has schema version ${version} and must be brought to ${migrations.length}, but ${who} of an older version is at work with it`;
  throw new MahavishnuError("STATE_IN_USE", message);
}

/** Processes that own runs or serve, and live, by what any version of the schema says. */
export function listLiveOwners(db: DatabaseSync): readonly { readonly pid: number }[] {
  const rows = db.prepare("SELECT id, pid, start_time, boot_id, lease_until FROM owner").all();
  return (rows as unknown as OwnerColumns[]).map(toOwner).filter((owner) => isLive(owner, Date.now()));
}

function checkSmall(db: DatabaseSync, file: string): void {
  if (statSync(file).size <= checkedAtOpening) quickCheck(db, file);
}

/** Checks the database's pages and indexes. */
export function quickCheck(db: DatabaseSync, file: string): void {
  const row = db.prepare("PRAGMA quick_check(1)").get() as { quick_check: string } | undefined;
  if (row?.quick_check !== "ok") {
    // SQLite puts "*** in database main ***" on a line of its own before what it found.
    const found = row?.quick_check.replace(/^\*\*\*.*\*\*\*\s*/, "") ?? "no answer";
    throw new MahavishnuError("STATE_DAMAGED", `${file} is damaged: ${found}`);
  }
}

function readPragma(db: DatabaseSync, name: string): number {
  const row = db.prepare(`PRAGMA ${name}`).get() as Record<string, number> | undefined;
  return row?.[name] ?? 0;
}

/** SQLite's result codes that mean damage: SQLITE_CORRUPT and SQLITE_NOTADB, see https://sqlite.org/rescode.html. */
const damaged = new Set([11, 26]);
/** SQLITE_CANTOPEN, SQLITE_READONLY, SQLITE_PERM, SQLITE_IOERR and SQLITE_FULL. */
const unreadable = new Set([14, 8, 3, 10, 13]);
/** Errors of the file system that say the same. */
const unreadableSystem = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOENT",
  "ENOTDIR",
  "EEXIST",
  "EISDIR",
  "ELOOP",
  "ENOSPC",
  "EDQUOT",
]);

/** Turns SQLite's errors into ours; everything else is passed on. */
export function explainStoreError(error: unknown, file: string): unknown {
  if (error instanceof MahavishnuError) return error;
  const primary = sqliteCode(error);
  if (primary !== undefined && damaged.has(primary)) {
    return new MahavishnuError("STATE_DAMAGED", `${file} is damaged: ${messageOf(error)}`, { cause: error });
  }
  const system = (error as NodeJS.ErrnoException).code ?? "";
  if ((primary !== undefined && unreadable.has(primary)) || unreadableSystem.has(system)) {
    return new MahavishnuError("STATE_UNREADABLE", `${file} cannot be opened or written: ${messageOf(error)}`, {
      cause: error,
    });
  }
  return error;
}

/** SQLITE_ERROR: a statement that does not fit the schema, or a format that nobody has. */
const sqliteError = 1;

/** Like `explainStoreError`, for a file whose marks say that it is ours: what then fits nothing is damaged. */
export function explainOpening(error: unknown, file: string): unknown {
  if (sqliteCode(error) !== sqliteError) return explainStoreError(error, file);
  return new MahavishnuError("STATE_DAMAGED", `${file} is damaged: ${messageOf(error)}`, { cause: error });
}

/** The primary result code of an error of node:sqlite. */
export function sqliteCode(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown }).errcode;
  return typeof code === "number" ? code & 0xff : undefined;
}
