import type { Json } from "./json.ts";

/** Fields of a line: what it is about. Never a secret; a `Secret` prints as `***`. */
export type LogFields = Readonly<Record<string, Json | Error | undefined>>;

/** How important a line is, least first. */
export const logLevels = ["trace", "debug", "info", "warn", "error"] as const;
export type LogLevel = (typeof logLevels)[number];

/**
 * Where a part of the program tells what it does. It is handed to who needs it, so that no room depends on where the lines go.
 * A message is always the same text; what differs is in the fields.
 *
 * @example
 * log.warn("a webhook is given up", { hook: "ops", delivery: id, code: "WEBHOOK_DEAD" });
 */
export interface Log extends Readonly<Record<LogLevel, (message: string, fields?: LogFields) => void>> {
  /** A log whose lines all have these fields too. */
  with(fields: LogFields): Log;
}

/** Tells nobody. */
export const silentLog: Log = {
  trace: () => undefined,
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  with: () => silentLog,
};
