import type { Log, LogFields } from "../../lib/log.ts";

/** Tells warnings and errors in one line each, as `onNotice` of a server takes them. */
export function noticeLog(say: (line: string) => void, own: LogFields = {}): Log {
  const tell = (message: string, fields: LogFields = {}): void => {
    const all = Object.entries({ ...own, ...fields }).filter(([, value]) => value !== undefined);
    const said = all.map(
      ([name, value]) => `${name} ${value instanceof Error ? value.message : JSON.stringify(value)}`,
    );
    say([message, ...said].join(", "));
  };
  const quiet = (): void => undefined;
  return {
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: tell,
    error: tell,
    with: (fields) => noticeLog(say, { ...own, ...fields }),
  };
}
