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
  const caret = "^".repeat(Math.max(1, Math.min(length, sourceLine.length - column + 1)));
  const margin = sourceLine.slice(0, column - 1).replaceAll(/[^\t]/g, " ");
  const advice = hint === undefined ? "" : ` ${hint}`;
  return `${head}\n${number} | ${sourceLine}\n      | ${margin}${caret}${advice}`;
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
  const lineStart = text.lastIndexOf("\n", start - 1) + 1;
  const lineEnd = text.indexOf("\n", start);
  const sourceLine = text.slice(lineStart, lineEnd === -1 ? text.length : lineEnd).replace(/\r$/, "");
  const line = text.slice(0, lineStart).split("\n").length;
  const base = {
    file,
    line,
    column: start - lineStart + 1,
    length: Math.max(1, range.end - start),
    message,
    sourceLine,
  };
  return hint === undefined ? base : { ...base, hint };
}
