import { stripVTControlCharacters } from "node:util";
import { escapeControl } from "../../lib/escape-control.ts";

const plain = /^[\x20-\x7E]*$/;

/** The same for a text of several lines: line ends stay, tabs become two spaces. */
export function escapeControlLines(text: string): string {
  if (plain.test(text)) return text;
  return text.replaceAll("\t", "  ").split(/\r?\n/).map(escapeControl).join("\n");
}

/**
 * Makes a line that a step printed safe to show: colours and other sequences of the terminal are dropped, what is left of
 * control is escaped.
 */
export function cleanOutputLine(line: string): string {
  return escapeControl(stripVTControlCharacters(line).trim());
}
