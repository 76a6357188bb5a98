import { type Log, type LogFields, silentLog } from "../../src/lib/log.ts";

/**
 * For tests: a log that tells what an operator would see by default, in one line each.
 *
 * @param also gets everything as well
 */
export function noticeLog(say: (line: string) => void, also: Log = silentLog, own: LogFields = {}): Log {
  const tell = (message: string, fields: LogFields = {}): void => {
    const all = Object.entries({ ...own, ...fields }).filter(([, value]) => value !== undefined);
    const said = all.map(
      ([name, value]) => `${name} ${value instanceof Error ? value.message : JSON.stringify(value)}`,
    );
    say([message, ...said].join(", "));
  };
  const at =
    (level: "info" | "warn" | "error"): Log["info"] =>
    (message, fields) => {
      tell(message, fields);
      also[level](message, fields);
    };
  return {
    trace: also.trace,
    debug: also.debug,
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => noticeLog(say, also.with(fields), { ...own, ...fields }),
  };
}
