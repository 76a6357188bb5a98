/** One wrong place in a text that the user wrote. Lines and columns count from 1. */
export interface Diagnostic {
  /** The file as the user would name it, or a name such as `--select` for a text that is no file. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** How many characters are wrong; at least 1. */
  readonly length: number;
  readonly message: string;
  /** What to write instead: `did you mean "service"?`. */
  readonly hint?: string;
  /** The whole line of the text, to show above the caret. */
  readonly sourceLine?: string;
}

/** Shows one diagnostic as `file:line:column  message`, the line, and a caret with the hint. */
export function renderDiagnostic(diagnostic: Diagnostic): string {
  const { file, line, column, length, message, hint, sourceLine } = diagnostic;
  const head = `${file}:${line}:${column}  ${message}`;
  if (sourceLine === undefined) return hint === undefined ? head : `${head}\n  ${hint}`;
  const number = String(line).padStart(5);
  const shown = clipLine(sourceLine, column);
  const caret = "^".repeat(Math.max(1, Math.min(length, shown.text.length - shown.column + 1)));
  const margin = shown.text.slice(0, shown.column - 1).replaceAll(/[^\t]/g, " ");
  const advice = hint === undefined ? "" : ` ${hint}`;
  return `${head}\n${`${number} | ${shown.text}`.trimEnd()}\n      | ${margin}${caret}${advice}`;
}

/** Longer lines are cut around the caret: a file on one line must not fill the screen. */
const maxShown = 160;
const beforeCaret = 60;

function clipLine(line: string, column: number): { readonly text: string; readonly column: number } {
  if (line.length <= maxShown) return { text: line, column };
  const from = Math.max(0, column - 1 - beforeCaret);
  const lead = from === 0 ? "" : "...";
  const tail = from + maxShown < line.length ? "..." : "";
  return { text: `${lead}${line.slice(from, from + maxShown)}${tail}`, column: column - from + lead.length };
}

/** Shows several diagnostics, a blank line between them. */
export function renderDiagnostics(diagnostics: readonly Diagnostic[]): string {
  return diagnostics.map(renderDiagnostic).join("\n\n");
}

/** Makes a diagnostic from a character offset in a text. */
export function diagnosticAt(
  file: string,
  text: string,
  range: { readonly start: number; readonly end: number },
  message: string,
  hint?: string,
): Diagnostic {
  const start = Math.max(0, Math.min(range.start, text.length));
  // lastIndexOf takes a negative start for 0, and would find a line end that stands first.
  const lineStart = start === 0 ? 0 : text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", start);
  const sourceLine = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd).replace(/\r$/, "");
  const line = text.slice(0, lineStart).split("\n").length;
  const base = {
    file,
    line,
    column: start - lineStart + 1,
    length: Math.max(1, range.end - start),
    message: hideUrlPasswords(message),
    sourceLine: hideUrlPasswords(sourceLine),
  };
  return hint === undefined ? base : { ...base, hint };
}

/** The users of web addresses, which may be tokens, and passwords of other addresses: at once after `://`, up to the last `@` of the host. */
const urlPasswords = /(?<=\bhttps?:\/\/)[^\s/]+(?=@)|(?<=:\/\/[^\s/:@]*:)[^\s/]+(?=@)/gi;

/** A line is shown with its mistake, not with a password that stands beside it. As many characters stay, so that the caret fits. */
function hideUrlPasswords(text: string): string {
  return text.includes("://") ? text.replace(urlPasswords, (secret) => "*".repeat(secret.length)) : text;
}
