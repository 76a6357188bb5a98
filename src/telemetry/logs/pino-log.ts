import { pino } from "pino";
import type { Log } from "../../lib/log.ts";
import { type LineLogOptions, makeLog } from "./line-log.ts";

/** A log by pino, for processes that stay. It writes at once and in this thread: a line that was logged survives a crash. */
export function openPinoLog({ level: least, write, mask }: LineLogOptions): Log {
  const logger = pino(
    {
      level: least,
      base: null,
      messageKey: "message",
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
    },
    { write: (line) => write(line.trimEnd()) },
  );
  return makeLog({ least, mask }, (level, fields, message) => logger[level](fields, message));
}
