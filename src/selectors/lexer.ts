import type { Range } from "./ast.ts";
import { failAt } from "./selector-problem.ts";

/** Text of a selector that is longer than this is refused: no person writes it and no machine needs it. */
export const maxSelectorLength = 10_000;

/** One word or sign of a selector. */
export type Token =
  | { readonly kind: "&&" | "||" | "!" | "(" | ")" | "end"; readonly range: Range }
  | { readonly kind: "@"; readonly name: string; readonly range: Range }
  | {
      readonly kind: "word";
      /** What stands before the first colon, or the whole word. */
      readonly key: string;
      /** What stands after it, quotes and escapes undone; absent without a colon. */
      readonly value?: string;
      readonly keyRange: Range;
      readonly valueRange: Range;
      readonly range: Range;
    };

/** What messages say of a text in this grammar, whatever its terms are. */
export interface GrammarWords {
  /** `selector`. */
  readonly what: string;
  /** What to do about one that is too long or too deep. */
  readonly shortenHint: string;
  /** A term with a value in quotes, for hints. */
  readonly quotedExample: string;
}

const space = /\s/u;
/** A bare word ends at white space, an operator, a parenthesis, a quote or a comma. */
const wordEnd = /[\s()!&|"',]/u;
/** Inside a value `!` has no other meaning; `name:a!b` needs no quotes. */
const valueEnd = /[\s()&|"',]/u;
const nameCharacter = /[A-Za-z0-9._-]/;

/** Cuts a selector into tokens; the last one is `end`. Throws `SelectorProblemError`. */
export function readTokens(text: string, words: GrammarWords): Token[] {
  if (text.length > maxSelectorLength) {
    failAt(
      { start: 0, end: 1 },
      `the ${words.what} has ${text.length} characters, more than ${maxSelectorLength}`,
      words.shortenHint,
    );
  }
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (space.test(text.charAt(at))) {
      at += 1;
      continue;
    }
    const token = readToken(text, at, words);
    tokens.push(token);
    at = token.range.end;
  }
  tokens.push({ kind: "end", range: { start: text.length, end: text.length } });
  return tokens;
}

function readToken(text: string, start: number, words: GrammarWords): Token {
  const character = text.charAt(start);
  if (character === "(" || character === ")" || character === "!") {
    return { kind: character, range: { start, end: start + 1 } };
  }
  if (character === "&" || character === "|") {
    const kind = `${character}${character}` as "&&" | "||";
    if (!text.startsWith(kind, start)) {
      failAt({ start, end: start + 1 }, `a single "${character}" means nothing here`, `did you mean "${kind}"?`);
    }
    return { kind, range: { start, end: start + 2 } };
  }
  if (character === "@") return readName(text, start);
  if (character === '"' || character === "'") {
    failAt(
      { start, end: start + 1 },
      "a quoted text cannot stand alone",
      `quotes go after the colon: ${words.quotedExample}`,
    );
  }
  if (character === ",")
    failAt({ start, end: start + 1 }, 'a "," means nothing here', 'write "||" for "or", "&&" for "and"');
  return readWord(text, start);
}

function readName(text: string, start: number): Token {
  let end = start + 1;
  while (nameCharacter.test(text.charAt(end))) end += 1;
  if (end === start + 1) failAt({ start, end }, 'a name is missing after "@"', "write @name of a named selector");
  return { kind: "@", name: text.slice(start + 1, end), range: { start, end } };
}

function readWord(text: string, start: number): Token {
  let at = start;
  while (at < text.length && text.charAt(at) !== ":" && !wordEnd.test(text.charAt(at))) at += 1;
  const key = text.slice(start, at);
  const keyRange = { start, end: at };
  if (text.charAt(at) !== ":") return { kind: "word", key, keyRange, valueRange: keyRange, range: keyRange };
  const quote = text.charAt(at + 1);
  const { value, end } = quote === '"' || quote === "'" ? readQuoted(text, at + 1, quote) : readBareValue(text, at + 1);
  return { kind: "word", key, value, keyRange, valueRange: { start: at + 1, end }, range: { start, end } };
}

function readBareValue(text: string, start: number): { value: string; end: number } {
  let end = start;
  while (end < text.length && !valueEnd.test(text.charAt(end))) end += 1;
  return { value: text.slice(start, end), end };
}

function readQuoted(text: string, start: number, quote: string): { value: string; end: number } {
  let value = "";
  for (let at = start + 1; at < text.length; at += 1) {
    const character = text.charAt(at);
    if (character === quote) return { value, end: at + 1 };
    if (character === "\\" && at + 1 < text.length) {
      at += 1;
      value += text.charAt(at);
    } else value += character;
  }
  return failAt({ start, end: text.length }, "the quoted text has no end", `close it with ${quote}`);
}
