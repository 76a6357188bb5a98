import { createHash } from "node:crypto";
import { closeSync, constants, existsSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as delay } from "node:timers/promises";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import { sqliteCode } from "../store/open-database.ts";

/** The right to run the suite on a workspace. Disposing gives it back. */
export interface SuiteLock extends Disposable {
  /** Milliseconds that were spent waiting for another suite. */
  readonly waitedMs: number;
}

/** How the lock is taken. */
export interface SuiteLockOptions {
  /** Absolute folder of the workspace, symbolic links resolved. */
  readonly workspace: string;
  /** Milliseconds to wait for another suite; 0 is `--no-wait`; as long as it takes when left out. */
  readonly waitMs?: number;
  readonly signal: AbortSignal;
  /** Told once, with the holder, when there is something to wait for. */
  readonly onWait?: (holder: string) => void;
  /** Where lock files lie; default the system's folder for temporary files. */
  readonly parent?: string;
}

/**
 * Takes the lock of a workspace: two suites at once would spoil each other's figures. The operating system holds it
 * (through SQLite's own file lock), so it ends with its process, however that ends, and no pid can be mistaken.
 *
 * @throws MahavishnuError SUITE_BUSY when the time to wait is over, SUITE_LOCK when what lies there can be no lock; the signal's
 * reason when aborted while waiting.
 */
export async function lockSuite(options: SuiteLockOptions): Promise<SuiteLock> {
  const digest = createHash("sha256").update(options.workspace).digest("hex").slice(0, 16);
  const path = join(options.parent ?? tmpdir(), `mahavishnu-suite-${process.getuid?.() ?? 0}-${digest}.lock`);
  const begin = performance.now();
  for (let round = 0; ; round += 1) {
    options.signal.throwIfAborted();
    const lock = tryLock(path);
    if (lock !== undefined) return { waitedMs: Math.round(performance.now() - begin), [Symbol.dispose]: lock };
    const holder = readHolder(path);
    if (performance.now() - begin >= (options.waitMs ?? Number.POSITIVE_INFINITY)) {
      throw new MahavishnuError("SUITE_BUSY", `another suite runs on this workspace (${holder})`);
    }
    if (round === 0) options.onWait?.(holder);
    await delay(100, undefined, { signal: options.signal });
  }
}

/** SQLITE_BUSY and SQLITE_LOCKED. */
const busy: readonly (number | undefined)[] = [5, 6];

/** Takes the lock if it is free, and gives the function that frees it. @throws MahavishnuError SUITE_LOCK */
function tryLock(path: string): (() => void) | undefined {
  if (!existsSync(path)) closeSync(openOwn(path));
  const before = identifyFile(path);
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path, { timeout: 0 });
    database.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    database?.close();
    if (busy.includes(sqliteCode(error)) || identifyFile(path) !== before) return undefined;
    throw new MahavishnuError(
      "SUITE_LOCK",
      `${path} cannot be used as a lock: ${messageOf(error)}; remove it, a suite makes it anew`,
      { cause: error },
    );
  }
  // The holder before us may have removed the file as we opened it: then this lock is on a file that nobody else finds.
  if (before === undefined || identifyFile(path) !== before) {
    database.close();
    return undefined;
  }
  const holder = openOwn(`${path}.holder`, constants.O_TRUNC);
  writeFileSync(holder, `pid ${process.pid}, since ${new Date().toISOString()}\n`);
  closeSync(holder);
  return () => {
    rmSync(`${path}.holder`, { force: true });
    rmSync(path, { force: true });
    database.close();
  };
}

/** Opens or makes a file in a folder that everybody may write to: never through somebody's symbolic link. */
function openOwn(path: string, flags = 0): number {
  return openSync(path, constants.O_CREAT | constants.O_WRONLY | constants.O_NOFOLLOW | flags, 0o600);
}

/**
 * What tells a file from one that takes its place; undefined when there is none. By path alone: to open and close it would give up
 * the lock of this process.
 */
function identifyFile(path: string): string | undefined {
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.ino} ${stats.birthtimeNs}`;
}

function readHolder(path: string): string {
  try {
    return readFileSync(`${path}.holder`, "utf8").trim() || "just started";
  } catch {
    return "just started";
  }
}
