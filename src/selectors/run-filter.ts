import { didYouMean } from "../lib/suggest.ts";
import { durationForms } from "../lib/duration.ts";
import type { SelectorNode } from "./ast.ts";
import type { Grammar } from "./grammar.ts";
import { tryParse } from "./parse-selector.ts";
import { maxRunValue, runStates, type RunTermName, runTerms, type RunTermValue } from "./run-terms.ts";
import { readBounds, readMoment, timeForms } from "./run-times.ts";
import { failAt, selectorError } from "./selector-problem.ts";

/** A parsed filter of runs. It holds no names. */
export type RunFilter = SelectorNode<RunTermName>;

/** Filters of runs: the grammar of selectors with other terms. */
export const runGrammar: Grammar<RunTermName> = {
  what: "filter",
  shortenHint: "ask for less at once",
  quotedExample: 'reason:"every target"',
  emptyHint: "leave it out to pick all runs",
  example: "state:failed",
  noNames: "named selectors pick repositories, not runs",
  terms: runTerms,
  bareTerm: "workflow",
  checkValue: (term, value, { valueRange }) => {
    if (value.length > maxRunValue) {
      failAt(valueRange, `the value has ${value.length} characters, more than ${maxRunValue}`, "write a part of it");
    }
    const [isRight, message, hint] = rules[runTerms[term].value];
    if (!isRight(value)) failAt(valueRange, message(value), hint(value));
  },
};

/** For each kind of value: whether it is one, and what is said of another. */
type Rule = readonly [(value: string) => boolean, (value: string) => string, (value: string) => string];

const anything: Rule = [() => true, String, String];
const rules: Readonly<Record<RunTermValue, Rule>> = {
  glob: anything,
  text: anything,
  state: [
    (value) => runStates.some((state) => state === value),
    (value) => `"${value}" is not a state of a run`,
    (value) => didYouMean(value, runStates),
  ],
  id: [
    (value) => /^[a-z0-9]{1,10}$/.test(value),
    (value) => `"${value}" is not the beginning of a run's id`,
    () => "an id has ten letters and digits, such as k3v9q0x2mf",
  ],
  created: [
    (value) => readBounds(value) !== undefined,
    (value) => `"${value}" is not a day or moment`,
    () => `write ${timeForms}, with >, >=, < or <= before it`,
  ],
  moment: [
    (value) => readMoment(value, 0) !== undefined,
    (value) => `"${value}" is not a day, a moment or a duration`,
    () => `write ${timeForms}, or how long ago: ${durationForms}`,
  ],
};

/**
 * Parses a filter of runs.
 *
 * @param file What the text is called in messages, such as `--filter`.
 * @throws UserFileError USAGE with the place, a caret and the fix.
 * @example
 * parseRunFilter("state:failed && since:2h", "--filter").kind; // "and"
 */
export function parseRunFilter(text: string, file: string): RunFilter {
  const result = tryParse(text, runGrammar);
  if (result.node !== undefined) return result.node;
  const fix = "Mend the filter; `mahavishnu runs list --help` shows its terms.";
  throw selectorError(file, text, [result.problem], { code: "USAGE", fix });
}
