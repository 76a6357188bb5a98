import { didYouMean } from "../lib/suggest.ts";
import type { Grammar, Word } from "./grammar.ts";
import { failAt } from "./selector-problem.ts";
import { lastStates, type TermName, terms } from "./terms.ts";

/** Selectors of repositories. */
export const repositoryGrammar: Grammar<TermName> = {
  what: "selector",
  shortenHint: "name parts of it under selectors: and use @name",
  quotedExample: 'name:"my repository"',
  emptyHint: "leave it out to pick all repositories",
  example: "role:service",
  terms,
  bareTerm: "name",
  checkValue: (term, value, word) => {
    const kind = terms[term].value;
    if (kind === "state" && !lastStates.some((state) => state === value)) {
      failAt(word.valueRange, `"${value}" is not a state`, didYouMean(value, lastStates));
    }
    if (kind === "file") checkFile(word, value);
    if (kind === "ref") checkRef(word, value);
  },
};

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
