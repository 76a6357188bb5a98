import { escapeControl } from "../../lib/escape-control.ts";
import type { Look } from "./look.ts";
import { type Meaning, paint } from "./palette.ts";
import { cutToWidth, displayWidth } from "./text-width.ts";

/** A piece of a line with what it means; plain text means nothing in particular. */
export type Span = string | { readonly text: string; readonly meaning: Meaning };

/** A line, or a cell of a table, before it is painted. */
export type Line = readonly Span[];

/** A span with a meaning. */
export function span(meaning: Meaning, text: string): Span {
  return { text, meaning };
}

/** The text of a span, safe to show. All text passes here, so nothing from outside can act on the terminal. */
function textOf(piece: Span): string {
  return escapeControl(typeof piece === "string" ? piece : piece.text);
}

/** Columns that a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, piece) => sum + displayWidth(textOf(piece)), 0);
}

/** Shortens a line to at most `width` columns, with an ellipsis where something was cut. */
export function cutLine(line: Line, width: number, look: Look): Line {
  if (lineWidth(line) <= width) return line;
  const ellipsis = look.unicode ? "…" : "..";
  // Cut as one text, so that the ellipsis stands where the text ends and not at the end of each piece.
  const kept = cutToWidth(line.map(textOf).join(""), width, ellipsis);
  const result: Span[] = [];
  let at = 0;
  for (const piece of line) {
    const text = textOf(piece);
    const part = kept.slice(at, at + text.length);
    at += text.length;
    if (part !== "") result.push(typeof piece === "string" ? part : { text: part, meaning: piece.meaning });
  }
  if (at < kept.length) result.push(kept.slice(at));
  return result;
}

/** A line with spaces at its end up to `width` columns. */
export function padLine(line: Line, width: number): Line {
  const missing = width - lineWidth(line);
  return missing > 0 && missing < Number.POSITIVE_INFINITY ? [...line, " ".repeat(missing)] : line;
}

/** Paints a line: cut to the width of the look, controls escaped, no spaces at its end. */
export function renderLine(line: Line, look: Look): string {
  const pieces = [...cutLine(line, look.width, look)];
  while (pieces.length > 0) {
    const last = pieces.pop();
    if (last === undefined) break;
    const trimmed = textOf(last).trimEnd();
    if (trimmed === "") continue;
    pieces.push(typeof last === "string" ? trimmed : { text: trimmed, meaning: last.meaning });
    break;
  }
  return pieces
    .map((piece) => (typeof piece === "string" || !look.colour ? textOf(piece) : paint(piece.meaning, textOf(piece))))
    .join("");
}

/** Paints several lines. */
export function renderLines(lines: readonly Line[], look: Look): string[] {
  return lines.map((line) => renderLine(line, look));
}
