import { type ErrorCode, errorCatalogue } from "../lib/error-catalogue.ts";
import { type Diagnostic, renderDiagnostics } from "../lib/diagnostics.ts";
import { MahavishnuError, messageOf, UserFileError } from "../lib/errors.ts";
import { escapeControlLines } from "./terminal/escape-control.ts";

/** An error as machines read it, on the standard output with `-o json` and `-o ndjson`. */
export interface ErrorDocument {
  readonly schemaVersion: 1;
  readonly error: {
    readonly code: ErrorCode;
    readonly message: string;
    readonly fix: string;
    /** Places in files of the user; empty for other errors. */
    readonly diagnostics: readonly Diagnostic[];
  };
}

/** What is known of a failure of a command: for machines, for eyes, and the exit code. */
export interface FailureReport {
  readonly document: ErrorDocument;
  /** Lines for the standard error. */
  readonly text: string;
  readonly exitCode: number;
}

/**
 * Tells any thrown value as a failure. What the product did not foresee is an internal error; its stack is shown with `-v`.
 *
 * @example
 * reportError(new MahavishnuError("USAGE", "no such flag"), false).exitCode; // 64
 */
export function reportError(thrown: unknown, verbose: boolean): FailureReport {
  const error = toMahavishnuError(thrown);
  const diagnostics = error instanceof UserFileError ? error.diagnostics : [];
  // A text that was given with a flag, such as a selector, is an argument and no file.
  const isArgument = diagnostics.length > 0 && diagnostics.every(({ file }) => file.startsWith("--"));
  const code = isArgument ? "USAGE" : error.code;
  const document: ErrorDocument = {
    schemaVersion: 1,
    error: { code, message: error.message, fix: error.fix, diagnostics },
  };
  const head = diagnostics.length > 0 ? tellPlaces(diagnostics, verbose) : `mahavishnu: ${error.message}`;
  const stack = verbose && !isParserError(thrown) ? stacksOf(thrown) : [];
  const text = escapeControlLines([head, `  fix: ${error.fix}  [${code}]`, ...stack].join("\n"));
  return { document, text: `${text}\n`, exitCode: errorCatalogue[code].exitCode };
}

/** More places than this are one mistake made many times, or the wrong file. */
const shownPlaces = 20;

function tellPlaces(diagnostics: readonly Diagnostic[], verbose: boolean): string {
  const hidden = verbose ? 0 : Math.max(0, diagnostics.length - shownPlaces);
  const text = renderDiagnostics(hidden === 0 ? diagnostics : diagnostics.slice(0, shownPlaces));
  return hidden === 0 ? text : `${text}\n\n... and ${hidden} more; -v shows all`;
}

function toMahavishnuError(thrown: unknown): MahavishnuError {
  if (thrown instanceof MahavishnuError) return thrown;
  if (isParserError(thrown)) return usageError(thrown);
  return new MahavishnuError("INTERNAL", `internal error: ${messageOf(thrown)}`, {
    fix: errorCatalogue.INTERNAL.fix,
    cause: thrown,
  });
}

/** An error of the command line's parser, with the command that was being read. */
interface ParserError {
  readonly code: string;
  readonly message: string;
  readonly exitCode: number;
  readonly command?: string;
}

/** Known by its shape, not its class: the parser is not loaded for an error that has nothing to do with it. */
function isParserError(thrown: unknown): thrown is ParserError {
  if (!(thrown instanceof Error) || !("code" in thrown) || !("exitCode" in thrown)) return false;
  return typeof thrown.code === "string" && thrown.code.startsWith("commander.");
}

/** `error: unknown command 'rnu'\n(Did you mean run?)` as our own message and fix. */
function usageError({ message, command }: ParserError): MahavishnuError {
  const suggestion = /\n\(Did you mean (one of )?(.*?)\?\)$/s.exec(message);
  const what = hideValues(message.slice(0, suggestion?.index).replace(/^error: /, ""));
  const see = `See \`${command ?? "mahavishnu"} --help\`.`;
  const fix = suggestion === null ? see : `did you mean ${suggestion[1] ?? ""}"${suggestion[2] ?? ""}"? ${see}`;
  return new MahavishnuError("USAGE", what, { fix });
}

/** The parser repeats what it does not understand. A value may be a secret, so nothing is said of what stands behind a key. */
function hideValues(message: string): string {
  return message
    .replace(/^(option '[^']*<KEY=VALUE>' argument) '(.*)' is invalid\./s, (_, option: string, given: string) => {
      const key = /^([A-Za-z][\w-]*(?:\.[\w-]+)*)[^\w.-]/.exec(given)?.[1];
      return `${option}${key === undefined ? "" : ` '${key}...'`} is invalid.`;
    })
    .replace(/^(unknown (?:option|command) '[^'=]*)=.*'/s, "$1=...'")
    .replace(/(but got \d+): .*=.*$/s, "$1.");
}

/** Stacks of what nobody foresaw: of an internal error itself, of other errors what caused them. */
function stacksOf(thrown: unknown): string[] {
  const stacks: string[] = [];
  const start = thrown instanceof MahavishnuError && thrown.code !== "INTERNAL" ? thrown.cause : thrown;
  for (let error = start, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    stacks.push(`${error === thrown ? "" : "caused by "}${error.stack ?? String(error)}`);
  }
  return stacks;
}

/** Why the parser threw without an error: help or version was printed as asked, or help because a command was missing. */
export function parserStopOf(thrown: unknown): "asked" | "missingCommand" | undefined {
  if (!isParserError(thrown)) return undefined;
  if (thrown.code === "commander.helpDisplayed" || thrown.code === "commander.version") return "asked";
  if (thrown.code !== "commander.help") return undefined;
  return thrown.exitCode === 0 ? "asked" : "missingCommand";
}
