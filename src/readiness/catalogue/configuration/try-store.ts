import { randomBytes } from "node:crypto";
import { mkdir, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { MahavishnuError } from "../../../lib/errors.ts";
import { inspectFile } from "../../../store/inspect-file.ts";
import { migrations } from "../../../store/migrations.ts";
import { explainStoreError, sqliteCode } from "../../../store/open-database.ts";
import { openStore } from "../../../store/open-store.ts";
import { expectMet, Unmet } from "../../acting/unmet.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { makeScratchName, sweepScratchNames } from "./scratch-name.ts";

/** Above this size every page is looked at, but not each row of each index: that could take minutes. */
const wholeCheckBytes = 64 * 1024 * 1024;
/** How long another process may keep the database locked before that is the answer: its commits take milliseconds. */
const patienceMs = 5_000;
const pollMs = 25;
/** SQLITE_BUSY. */
const busy = 5;

/** Tries the state database. What is written there is rolled back, so that its file stays as it is. */
export async function tryStore(context: CheckContext, patience: number = patienceMs): Promise<Outcome> {
  const file = (await context.config()).paths.stateFile;
  const options = { signal: context.signal, patience };
  try {
    if (!inspectFile(file).isNew) return await tryDatabase(file, options);
    return await tryNewDatabase(file, options);
  } catch (error) {
    if (error instanceof Unmet) return error.outcome;
    const explained = explainStoreError(error, file);
    if (!(explained instanceof MahavishnuError)) throw error;
    return { status: "fail", reason: explained.message, remediation: { text: explained.fix } };
  }
}

interface TryOptions {
  readonly signal: AbortSignal;
  /** Milliseconds to wait for a lock. */
  readonly patience: number;
}

/** Where there is no database yet, one is made beside its place, as the first run would make it, and removed again. */
async function tryNewDatabase(file: string, options: TryOptions): Promise<Outcome> {
  const parent = dirname(file);
  const made = await mkdir(parent, { recursive: true, mode: 0o700 });
  const folder = makeScratchName(parent);
  try {
    await sweepScratchNames(parent);
    await mkdir(folder, { mode: 0o700 });
    const trial = join(folder, "state.db");
    await openStore({ file: trial })[Symbol.asyncDispose]();
    const outcome = await tryDatabase(trial, options);
    return outcome.status === "pass"
      ? { ...outcome, reason: `no database yet; in its place, ${outcome.reason}` }
      : outcome;
  } finally {
    await rm(made ?? folder, { recursive: true, force: true });
  }
}

async function tryDatabase(file: string, options: TryOptions): Promise<Outcome> {
  const version = await checkWhole(file);
  const table = `readiness_${randomBytes(8).toString("hex")}`;
  const first = connect(file);
  try {
    const second = connect(file);
    try {
      await begin(first, options);
      writeAndRead(first, table);
      expectApart(second, table);
      first.exec("ROLLBACK");
      expectMet(!hasTable(first, table), "what was rolled back is there all the same");
      // Whoever was kept out before comes in now.
      await begin(second, options);
      second.exec("ROLLBACK");
    } finally {
      second.close();
    }
  } finally {
    first.close();
  }
  const known = migrations.length;
  if (version < known) {
    const reason = `the schema is version ${version} of ${known}; the next command brings it forward`;
    return { status: "warn", reason, expected: String(known), observed: String(version) };
  }
  return { status: "pass", reason: `the database is whole, has schema ${version}, and keeps two connections apart` };
}

/** Looks through the file by a connection that cannot write. @returns the version of its schema. */
async function checkWhole(file: string): Promise<number> {
  const { size } = await stat(file);
  const database = new DatabaseSync(file, { readOnly: true, timeout: 0 });
  try {
    const pragma = size <= wholeCheckBytes ? "integrity_check" : "quick_check";
    const [finding] = Object.values(database.prepare(`PRAGMA ${pragma}(1)`).get() ?? {});
    // SQLite puts "*** in database main ***" on a line of its own before what it found.
    expectMet(finding === "ok", `${file} is damaged: ${String(finding).replace(/^\*\*\*.*\*\*\*\s*/, "")}`);
    const [mode] = Object.values(database.prepare("PRAGMA journal_mode").get() ?? {});
    expectMet(mode === "wal", `${file} is not in WAL mode, so readers and writers stop each other`, {
      expected: "wal",
      observed: String(mode),
    });
    const [version] = Object.values(database.prepare("PRAGMA user_version").get() ?? {});
    return Number(version);
  } finally {
    database.close();
  }
}

function connect(file: string): DatabaseSync {
  return new DatabaseSync(file, { timeout: 0 });
}

/** Takes the write lock, which a living run may hold for a moment. */
async function begin(database: DatabaseSync, { signal, patience }: TryOptions): Promise<void> {
  const deadline = performance.now() + patience;
  while (!tryToBegin(database)) {
    expectMet(performance.now() < deadline, `another process has kept the database locked for ${patience} ms`, {
      remediation: { text: "See which mahavishnu process hangs, end it and run again." },
    });
    await delay(pollMs, undefined, { signal });
  }
}

function tryToBegin(database: DatabaseSync): boolean {
  try {
    database.exec("BEGIN IMMEDIATE");
    return true;
  } catch (error) {
    if (sqliteCode(error) === busy) return false;
    throw error;
  }
}

function writeAndRead(database: DatabaseSync, table: string): void {
  const nonce = randomBytes(16).toString("hex");
  database.exec(`CREATE TABLE ${table}(value TEXT NOT NULL)`);
  database.prepare(`INSERT INTO ${table}(value) VALUES(?)`).run(nonce);
  const row = database.prepare(`SELECT value FROM ${table}`).get();
  expectMet(row?.["value"] === nonce, "the database gives back something else than was written");
}

/** A second connection reads what is committed, and nothing else, and has to wait before it may write. */
function expectApart(second: DatabaseSync, table: string): void {
  expectMet(!hasTable(second, table), "a second connection sees what is not committed");
  const both = tryToBegin(second);
  if (both) second.exec("ROLLBACK");
  expectMet(!both, "two connections may write at the same time: the file system does not keep locks");
}

function hasTable(database: DatabaseSync, table: string): boolean {
  return database.prepare("SELECT 1 FROM sqlite_schema WHERE name = ?").get(table) !== undefined;
}
