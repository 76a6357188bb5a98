import { MahavishnuError } from "../lib/errors.ts";

/** How much of a run's output somebody has: attempts are numbered in the order in which they began, from 1. */
export interface LogCursor {
  /** Of all attempts up to this number everything has been read. */
  readonly below: number;
  /** Further attempts: how many bytes have been read, or `done`. */
  readonly beyond: ReadonlyMap<number, number | "done">;
}

const nothingRead: LogCursor = { below: 0, beyond: new Map() };
/** A cursor as text. */
export const logCursorForm: RegExp = /^\d{1,9}(?:\.\d{1,9}:(?:\d{1,15}|x)(?:,\d{1,9}:(?:\d{1,15}|x))*)?$/;
/** Longer than any cursor of a run within its limits. */
export const longestLogCursor = 65_536;

/**
 * Reads a cursor: `12.13:400,15:x` is everything of the first twelve attempts, 400 bytes of the thirteenth, all of the fifteenth.
 *
 * @throws MahavishnuError USAGE
 */
export function parseLogCursor(text: string | undefined): LogCursor {
  if (text === undefined) return nothingRead;
  if (text.length > longestLogCursor || !logCursorForm.test(text)) {
    throw new MahavishnuError("USAGE", "this is no cursor of a run's output", {
      fix: "Use the cursor of the last piece that was read, as it is.",
    });
  }
  const [below = "", beyond] = text.split(".");
  const entries = (beyond?.split(",") ?? []).map((entry) => {
    const [number, read] = entry.split(":");
    return [Number(number), read === "x" ? "done" : Number(read)] as const;
  });
  return { below: Number(below), beyond: new Map(entries) };
}

/** Writes a cursor as short as it can be said. */
export function showLogCursor({ below, beyond }: LogCursor): string {
  let from = below;
  while (beyond.get(from + 1) === "done") from += 1;
  const rest = [...beyond].filter(([number]) => number > from).toSorted(([a], [b]) => a - b);
  if (rest.length === 0) return String(from);
  return `${from}.${rest.map(([number, read]) => `${number}:${read === "done" ? "x" : read}`).join(",")}`;
}
