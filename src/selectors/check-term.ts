import { didYouMean } from "../lib/suggest.ts";
import type { TermNode } from "./ast.ts";
import type { Token } from "./lexer.ts";
import { failAt } from "./selector-problem.ts";
import { isTermName, lastStates, termNames, terms } from "./terms.ts";

type Word = Extract<Token, { kind: "word" }>;

const operators: Readonly<Record<string, string>> = { and: "&&", or: "||", not: "!" };

/** Makes a term of a word, or fails with what is wrong with it. */
export function readTerm(word: Word): TermNode {
  const { key, range, keyRange, valueRange } = word;
  if (!isTermName(key)) return failUnknown(word);
  const definition = terms[key];
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
  if (definition.value === "state" && !lastStates.some((state) => state === value)) {
    failAt(valueRange, `"${value}" is not a state`, didYouMean(value, lastStates));
  }
  if (definition.value === "file") checkFile(word, value);
  if (definition.value === "ref") checkRef(word, value);
  return { kind: "term", term: key, value, range };
}

function checkFile({ valueRange }: Word, value: string): void {
  if (value.startsWith("/") || value.split("/").includes("..")) {
    failAt(valueRange, `"${value}" leaves the repository`, "write a path inside it, such as has:src/package.json");
  }
  if (/[*?]/.test(value))
    failAt(valueRange, '"has:" takes one path, without wildcards', "write has:a || has:b for several");
}

function checkRef({ valueRange }: Word, value: string): void {
  // Git would read it as an option.
  if (value.startsWith("-")) failAt(valueRange, `"${value}" cannot be a ref`, "a ref does not start with -");
  if (value.includes("..")) failAt(valueRange, '"changed:" takes one commit, not a range', "write changed:origin/main");
}

function failUnknown({ key, value, range, keyRange }: Word): never {
  const operator = operators[key.toLowerCase()];
  if (value === undefined && operator !== undefined) {
    failAt(keyRange, `"${key}" is not an operator`, `did you mean "${operator}"?`);
  }
  const sign = value === undefined ? "" : ":";
  if (key === "") failAt(range, "a term is missing before the colon", `terms: ${termNames.join(", ")}`);
  if (value === undefined && /[*?]/.test(key)) failAt(keyRange, `unknown term "${key}"`, `did you mean "name:${key}"?`);
  const hint = didYouMean(key, termNames);
  const advice = value === undefined && hint.startsWith("known") ? `did you mean "name:${key}"?  ${hint}` : hint;
  failAt(keyRange, `unknown term "${key}${sign}"`, advice);
}
