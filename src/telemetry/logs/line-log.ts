import { type Log, type LogFields, type LogLevel, logLevels } from "../../lib/log.ts";
import { formFields } from "./form-fields.ts";

/** Takes one line of JSON, without its line feed. */
export type LineSink = (line: string) => void;

/** What is to be logged, and where to. */
export interface LineLogOptions {
  /** The least important lines that are written. */
  readonly level: LogLevel;
  readonly write: LineSink;
  /** Hides secrets in a text that is cut. */
  readonly mask?: (text: string) => string;
}

/** The names that a line has of itself. */
const ownNames: ReadonlySet<string> = new Set(["time", "level", "message"]);

/**
 * A log for commands that soon are over: it writes lines of the same shape as `openPinoLog`, without what that takes to load.
 *
 * @example
 * const log = openLineLog({ level: "info", write: (line) => console.error(line) });
 * log.info("a run has ended", { runId: "k3v9q0x2mf" }); // {"level":"info","time":"…","runId":"k3v9q0x2mf","message":"a run has ended"}
 */
export function openLineLog({ level: least, write, mask }: LineLogOptions): Log {
  return makeLog({ least, mask }, (level, fields, message) => {
    write(JSON.stringify({ level, time: new Date().toISOString(), ...fields, message }));
  });
}

/** Makes a `Log` of what takes one line: fields are formed here, so that nothing secret by its type or name gets any further. */
export function makeLog(
  making: { readonly least: LogLevel; readonly mask: LineLogOptions["mask"] },
  take: (level: LogLevel, fields: object, message: string) => void,
  own: LogFields = {},
): Log {
  const { least, mask = (text: string) => text } = making;
  const at = (level: LogLevel): Log[LogLevel] => {
    if (logLevels.indexOf(level) < logLevels.indexOf(least)) return () => undefined;
    return (message, fields = {}) => take(level, renameOwn(formFields({ ...own, ...fields }, mask)), message);
  };
  return {
    trace: at("trace"),
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: (fields) => makeLog(making, take, { ...own, ...fields }),
  };
}

/** A field must not hide what the line says of itself. */
function renameOwn(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [ownNames.has(name) ? `${name}_` : name, value]),
  );
}
