import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { isJsonObject, type Json } from "../../lib/json.ts";
import { type LogLevel, logLevels } from "../../lib/log.ts";
import { listLogFiles, logFolderOf } from "./log-folder.ts";

/** Which lines are asked for. */
export interface LogLineChoice {
  /** How many lines at most. */
  readonly limit: number;
  readonly runId?: string;
  readonly repository?: string;
  /** The least important lines. */
  readonly level?: LogLevel;
  /** ISO 8601 in UTC; the moment itself counts. */
  readonly since?: string;
  readonly until?: string;
  /** Only what is older than the line of this cursor. */
  readonly cursor?: string;
  /** Only what is newer than the line of this cursor. */
  readonly after?: string;
}

/** A line of the log. */
export interface LogLine {
  /** Where it stands: `2026-11-24:1042`. */
  readonly cursor: string;
  readonly time: string;
  readonly level: LogLevel;
  readonly message: string;
  /** What else it says. */
  readonly fields: Readonly<Record<string, Json>>;
}

/** Some lines, the newest first. */
export interface LogLinePage {
  readonly items: readonly LogLine[];
  /** Where to go on with older ones; null when there are none. A page may have no items and yet this, where much was looked at. */
  readonly nextCursor: string | null;
  /** Lines that could not be read. */
  readonly damaged: number;
}

const chunkBytes = 65_536;
/** A line that is longer is none of ours. */
const longestLine = 1_048_576;
/** Bytes that one page looks at. */
const mostBytes = 33_554_432;

/** What a cursor looks like: a day and a place in its file. */
export const logLineCursor = /^\d{4}-\d{2}-\d{2}:\d{1,15}$/;

interface Place {
  readonly day: string;
  /** Bytes of the file before the line. */
  readonly at: number;
}

/** A line of a file, and where it begins. */
interface RawLine {
  readonly at: number;
  /** Null when it has no end, or is too long. */
  readonly text: string | null;
}

/**
 * Reads the log of a workspace from its end, file by file and piece by piece, so that the size of the files does not matter.
 *
 * @example
 * const { items } = await readLogLines(stateFolder, { limit: 100, level: "warn" });
 */
export async function readLogLines(stateFolder: string, choice: LogLineChoice): Promise<LogLinePage> {
  const { limit, since, until } = choice;
  const before = placeOf(choice.cursor);
  const after = placeOf(choice.after);
  const items: LogLine[] = [];
  let damaged = 0;
  let bytes = 0;
  for (const name of (await listLogFiles(stateFolder)).toReversed()) {
    const day = name.slice(0, 10);
    if (before !== null && day > before.day) continue;
    if (until !== undefined && day > until.slice(0, 10)) continue;
    if ((since !== undefined && day < since.slice(0, 10)) || (after !== null && day < after.day)) break;
    const end = before?.day === day ? before.at : undefined;
    for await (const { at, text } of readBackwards(join(logFolderOf(stateFolder), name), end)) {
      if (after?.day === day && at <= after.at) return { items, nextCursor: null, damaged };
      const cursor = `${day}:${at}`;
      const item = text === null ? null : parseLogLine(text, cursor);
      if (item === null) damaged += 1;
      else if (isChosen(item, choice)) items.push(item);
      bytes += text === null ? longestLine : text.length + 1;
      if (items.length >= limit || bytes >= mostBytes) return { items, nextCursor: cursor, damaged };
    }
  }
  return { items, nextCursor: null, damaged };
}

function placeOf(cursor: string | undefined): Place | null {
  if (cursor === undefined) return null;
  const [day = "", at] = cursor.split(":");
  return { day, at: Number(at) };
}

/** One line of the log; null when it is none. */
export function parseLogLine(text: string, cursor: string): LogLine | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isJsonObject(value)) return null;
  const { time, level, message, ...fields } = value;
  const known = logLevels.find((name) => name === level);
  if (typeof time !== "string" || Number.isNaN(Date.parse(time)) || known === undefined) return null;
  if (typeof message !== "string") return null;
  return { cursor, time: new Date(time).toISOString(), level: known, message, fields: fields as LogLine["fields"] };
}

function isChosen({ time, level, fields }: LogLine, choice: LogLineChoice): boolean {
  const { runId, repository, since, until } = choice;
  if (runId !== undefined && fields["runId"] !== runId) return false;
  if (repository !== undefined && fields["repository"] !== repository) return false;
  if (logLevels.indexOf(level) < logLevels.indexOf(choice.level ?? "trace")) return false;
  return (since === undefined || time >= since) && (until === undefined || time <= until);
}

/** The lines of a file that end before a place, the last one first. */
async function* readBackwards(path: string, end: number | undefined): AsyncGenerator<RawLine> {
  const file = await open(path, "r").catch(() => null);
  // The purge has taken it away.
  if (file === null) return;
  try {
    const { size } = await file.stat();
    yield* splitBackwards(file, Math.min(end ?? size, size));
  } finally {
    await file.close();
  }
}

async function* splitBackwards(file: FileHandle, end: number): AsyncGenerator<RawLine> {
  const buffer = Buffer.alloc(chunkBytes);
  /** The line that is being put together, its pieces from the last to the first. */
  let pieces: Buffer[] = [];
  let length = 0;
  // What stands behind the last line feed has no end yet.
  let hasEnd = false;
  const finish = (at: number): RawLine | null => {
    const isWhole = hasEnd && length <= longestLine;
    const text = isWhole ? Buffer.concat(pieces.toReversed()).toString() : null;
    const isEmpty = length === 0;
    pieces = [];
    length = 0;
    return isEmpty ? null : { at, text };
  };
  const keep = (piece: Buffer): void => {
    length += piece.length;
    if (length <= longestLine) pieces.push(Buffer.from(piece));
    else pieces = [];
  };
  for (let to = end; to > 0;) {
    const from = Math.max(0, to - chunkBytes);
    const { bytesRead } = await file.read(buffer, 0, to - from, from);
    let rest = buffer.subarray(0, bytesRead);
    for (let feed = rest.lastIndexOf(10); feed !== -1; feed = rest.lastIndexOf(10)) {
      keep(rest.subarray(feed + 1));
      const line = finish(from + feed + 1);
      if (line !== null) yield line;
      hasEnd = true;
      rest = rest.subarray(0, feed);
    }
    keep(rest);
    to = from;
  }
  const first = finish(0);
  if (first !== null) yield first;
}
