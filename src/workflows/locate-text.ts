import { isScalar, type Scalar } from "yaml";
import { rangeOf, type ValuePath, type YamlFile } from "../lib/yaml-file.ts";

/** Characters of a text, from 0. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/**
 * Where characters of a text value stand in its YAML file, whatever its style: plain, quoted with escapes, or a block with
 * indentation. What cannot be traced is shown at the whole value.
 *
 * @example
 * locateText(yaml, ["jobs", "edit", "if"], { start: 0, end: 4 }); // { start: 120, end: 124 }
 */
export function locateText(yaml: YamlFile, path: ValuePath, range: Range): Range {
  const node = yaml.document.getIn(path, true);
  if (!isScalar(node) || typeof node.value !== "string" || !node.range) return rangeOf(yaml, path, "value");
  const trace = traceOffsets(yaml.text, node.range[0], node.value, node.type);
  const start = trace(range.start);
  const last = trace(Math.max(range.start, range.end - 1));
  if (start === undefined || last === undefined) return rangeOf(yaml, path, "value");
  // A place that goes on over the line's end is shown up to it.
  const lineEnd = yaml.text.indexOf("\n", start);
  const end = Math.max(start, last) + 1;
  return { start, end: lineEnd === -1 ? end : Math.max(start + 1, Math.min(end, lineEnd)) };
}

const space = /\s/;

/** Walks a scalar's source beside its value: runs of white space match each other, all else is itself or an escape. */
function traceOffsets(
  text: string,
  begin: number,
  value: string,
  style: Scalar["type"],
): (offset: number) => number | undefined {
  const block = style === "BLOCK_LITERAL" || style === "BLOCK_FOLDED";
  const quoted = style === "QUOTE_DOUBLE" || style === "QUOTE_SINGLE";
  const from = block ? text.indexOf("\n", begin) + 1 : begin + (quoted ? 1 : 0);
  return (offset) => {
    let at = from;
    let index = 0;
    while (index < value.length) {
      if (space.test(value[index] ?? "")) {
        let next = index + 1;
        while (next < value.length && space.test(value[next] ?? "")) next += 1;
        if (offset < next) return at;
        index = next;
      }
      // Also indentation and escaped line breaks, which give nothing.
      at = skipSpace(text, at, style);
      if (index >= offset) return at;
      const unit = readUnit(text, at, style);
      if (unit.char !== value[index]) return undefined;
      at += unit.length;
      index += 1;
    }
    return at;
  };
}

function skipSpace(text: string, from: number, style: Scalar["type"]): number {
  let at = from;
  while (at < text.length) {
    const { char, length } = readUnit(text, at, style);
    if (char !== "" && !space.test(char)) break;
    at += length;
  }
  return at;
}

/** One character of the value and the characters of the source that stand for it; an escaped line break gives none. */
function readUnit(text: string, at: number, style: Scalar["type"]): { readonly char: string; readonly length: number } {
  const char = text[at] ?? "";
  if (style === "QUOTE_SINGLE" && char === "'" && text[at + 1] === "'") return { char, length: 2 };
  if (style !== "QUOTE_DOUBLE" || char !== "\\") return { char, length: Math.max(1, char.length) };
  const escape = text[at + 1] ?? "";
  if (escape === "\n" || escape === "\r") return { char: "", length: 2 };
  const digits = { x: 2, u: 4, U: 8 }[escape];
  if (digits === undefined) return { char: escapes[escape] ?? escape, length: 2 };
  const code = Number.parseInt(text.slice(at + 2, at + 2 + digits), 16);
  return { char: code <= 0xff_ff ? String.fromCharCode(code) : "\uFFFD", length: 2 + digits };
}

const escapes: Readonly<Record<string, string>> = {
  "0": "\0",
  a: "\u0007",
  b: "\b",
  e: "\u001B",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  N: "\u0085",
  _: "\u00A0",
  L: "\u2028",
  P: "\u2029",
};
