import { didYouMean } from "../lib/suggest.ts";
import type { TermNode } from "./ast.ts";
import type { GrammarWords, Token } from "./lexer.ts";
import { failAt } from "./selector-problem.ts";

/** A term as it was written. */
export type Word = Extract<Token, { kind: "word" }>;

/** What one use of the grammar has of its own: its terms, and some words of its messages. Signs and structure are the same in all. */
export interface Grammar<Term extends string> extends GrammarWords {
  /** What to do instead of writing nothing. */
  readonly emptyHint: string;
  /** A term, for hints. */
  readonly example: string;
  /** Why there is no `@name`; left out where there is. */
  readonly noNames?: string;
  /** Each term with whether it takes a value (`none`: it takes none). */
  readonly terms: Readonly<Record<Term, { readonly value: string; readonly example: string }>>;
  /** The term that a word alone may have meant: `gateway`, `name:gateway`. */
  readonly bareTerm: Term;
  /** Fails with what is wrong with a value, by `failAt`. */
  readonly checkValue: (term: Term, value: string, word: Word) => void;
}

const operators: Readonly<Record<string, string>> = { and: "&&", or: "||", not: "!" };

/** Makes a term of a word, or fails with what is wrong with it. */
export function readTerm<Term extends string>(word: Word, grammar: Grammar<Term>): TermNode<Term> {
  const { key, range, keyRange, valueRange } = word;
  if (!isTerm(key, grammar)) return failUnknown(word, grammar);
  const definition = grammar.terms[key];
  if (definition.value === "none") {
    if (word.value !== undefined) failAt(range, `"${key}" takes no value`, `write only ${key}`);
    return { kind: "term", term: key, value: "", range };
  }
  if (word.value === undefined) failAt(keyRange, `"${key}" needs a value`, `for example ${definition.example}`);
  const { value } = word;
  if (value === "") failAt(range, `the value of "${key}:" is empty`, `for example ${definition.example}`);
  // A control character in a value can only be an accident, and it would garble every message that shows it.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001F\u007F]/.test(value)) failAt(valueRange, "the value holds a control character", "remove it");
  grammar.checkValue(key, value, word);
  return { kind: "term", term: key, value, range };
}

function isTerm<Term extends string>(key: string, { terms }: Grammar<Term>): key is Term {
  return Object.hasOwn(terms, key);
}

function failUnknown<Term extends string>(word: Word, { terms, bareTerm }: Grammar<Term>): never {
  const { key, value, range, keyRange } = word;
  const names = Object.keys(terms);
  const operator = operators[key.toLowerCase()];
  if (value === undefined && operator !== undefined) {
    failAt(keyRange, `"${key}" is not an operator`, `did you mean "${operator}"?`);
  }
  const sign = value === undefined ? "" : ":";
  if (key === "") failAt(range, "a term is missing before the colon", `terms: ${names.join(", ")}`);
  const meant = `did you mean "${bareTerm}:${key}"?`;
  if (value === undefined && /[*?]/.test(key)) failAt(keyRange, `unknown term "${key}"`, meant);
  const hint = didYouMean(key, names);
  const advice = value === undefined && hint.startsWith("known") ? `${meant}  ${hint}` : hint;
  failAt(keyRange, `unknown term "${key}${sign}"`, advice);
}
