import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { expectStatePlace } from "./judge-place.ts";
import { applicationId, migrations } from "./migrations.ts";

/** What the bytes of a state file say before SQLite has touched it. */
export interface InspectedFile {
  /** No file, or an empty one: a new database will be made. */
  readonly isNew: boolean;
  /** Whether a look through a read-only connection must come first: SQLite may write into what it opens and closes. */
  readonly needsLook: boolean;
}

/** See https://sqlite.org/fileformat.html#the_database_header. */
const headerLength = 100;
const magic = "SQLite format 3\0";

/**
 * Reads the header of a state file. Opening a database can already change it (what another process left in the write-ahead log is
 * moved into the file), so whatever can be refused is refused here.
 *
 * @throws MahavishnuError STATE_UNREADABLE, STATE_DAMAGED, STATE_FOREIGN or STATE_NEWER
 */
export function inspectFile(file: string): InspectedFile {
  expectStatePlace(file);
  const size = sizeOf(file);
  const logSize = sizeOf(`${file}-wal`) ?? 0;
  if (size === undefined || size === 0) {
    const loss = findLoss(file, size, logSize);
    if (loss === null) return { isNew: true, needsLook: false };
    // A process that makes the database fills the file before it writes a log or begins a run: what speaks of a loss came after it.
    if ((sizeOf(file) ?? 0) > 0) return inspectFile(file);
    throw new MahavishnuError("STATE_DAMAGED", loss);
  }
  const header = readHeader(file);
  if (header.length < headerLength || header.toString("latin1", 0, magic.length) !== magic) {
    refuseText(file, header, logSize);
    throw new MahavishnuError("STATE_DAMAGED", `${file} is damaged: it does not begin as a SQLite database does`);
  }
  const id = header.readUInt32BE(68);
  refuseForeign(file, { id, version: header.readUInt32BE(60), hasTables: false });
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  // A log may hold the missing pages, and the count is only valid while the two change counters agree.
  const isCountValid = header.readUInt32BE(24) === header.readUInt32BE(92);
  // Asked again, since another process may have written meanwhile: a file only grows.
  const found = sizeOf(file) ?? 0;
  if (isCountValid && found < pages * pageSize && (sizeOf(`${file}-wal`) ?? 0) === 0) {
    throw new MahavishnuError("STATE_DAMAGED", `${file} is damaged: it has ${found} of ${pages * pageSize} bytes`);
  }
  return { isNew: false, needsLook: id === 0 || logSize > 0 };
}

/** Refuses a database of another program, and one of a later version. */
export function refuseForeign(
  file: string,
  { id, version, hasTables }: { readonly id: number; readonly version: number; readonly hasTables: boolean },
): void {
  if (id !== applicationId && (id !== 0 || hasTables)) {
    throw new MahavishnuError("STATE_FOREIGN", `${file} is a SQLite database of another program`);
  }
  if (id === applicationId && version > migrations.length) {
    const known = `this version of mahavishnu knows ${migrations.length}`;
    throw new MahavishnuError("STATE_NEWER", `${file} has schema version ${version}; ${known}`);
  }
}

/**
 * A text was never a database. Most likely `state.url` names the wrong file, and moving the state folder aside would not help.
 */
function refuseText(file: string, beginning: Buffer, logSize: number): void {
  // A control character besides tab, line feed and carriage return is in every damaged header, and in no text.
  const isText = beginning.every((byte) => byte >= 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d);
  if (!isText || logSize > 0) return;
  throw new MahavishnuError("STATE_FOREIGN", `${file} is a text file: it was never a state database, or is damaged`, {
    fix: "Name another file in state.url, or restore a backup; without one, move the state folder aside to begin anew.",
  });
}

/** SQLite takes an emptied file for a new one; beside files of runs, or a log, it is a loss and said to be one. Null when it is none. */
function findLoss(file: string, size: number | undefined, logSize: number): string | null {
  const state = size === undefined ? "missing" : "empty";
  if (logSize > 0) return `${file} is ${state}, but its log ${file}-wal is not`;
  const runs = join(dirname(file), "runs");
  if (statSync(runs, { throwIfNoEntry: false })?.isDirectory() !== true || readdirSync(runs).length === 0) return null;
  return `${file} is ${state}, but ${runs} holds the files of earlier runs`;
}

function sizeOf(path: string): number | undefined {
  return statSync(path, { throwIfNoEntry: false })?.size;
}

function readHeader(file: string): Buffer {
  const header = Buffer.alloc(headerLength);
  const descriptor = openSync(file, "r");
  try {
    return header.subarray(0, readSync(descriptor, header, 0, headerLength, 0));
  } finally {
    closeSync(descriptor);
  }
}
