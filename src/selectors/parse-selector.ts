import type { SelectorNode } from "./ast.ts";
import { type Grammar, readTerm } from "./grammar.ts";
import { readTokens, type Token } from "./lexer.ts";
import { repositoryGrammar } from "./repository-grammar.ts";
import { failAt, type SelectorProblem, SelectorProblemError, selectorError } from "./selector-problem.ts";
import type { TermName } from "./terms.ts";

/** How deep parentheses and `!` may nest. Far above what a person writes, far below what a stack holds. */
export const maxSelectorDepth = 64;

/** A parsed selector, or the first thing that is wrong with its text. */
export type ParseResult<Term extends string = TermName> =
  | { readonly node: SelectorNode<Term> }
  | { readonly node?: undefined; readonly problem: SelectorProblem };

/**
 * Parses a selector: terms joined by `&&`, `||`, `!` and parentheses; `!` binds tightest, then `&&`, then `||`.
 * Names (`@x`) are not looked up; `compileSelector` does that.
 *
 * @param file What the text is called in messages, such as `--select`.
 * @throws UserFileError with the place, a caret and the fix.
 * @example
 * parseSelector("role:service && !tag:frozen", "--select").kind; // "and"
 */
export function parseSelector(text: string, file: string): SelectorNode {
  const result = tryParseSelector(text);
  if (result.node !== undefined) return result.node;
  throw selectorError(file, text, [result.problem]);
}

/** Like `parseSelector`, but hands the problem back, for texts that stand inside another file. */
export function tryParseSelector(text: string): ParseResult {
  return tryParse(text, repositoryGrammar);
}

/** Parses a text of which only the terms are other ones; see `parseSelector`. */
export function tryParse<Term extends string>(text: string, grammar: Grammar<Term>): ParseResult<Term> {
  try {
    return { node: new Parser(readTokens(text, grammar), grammar).parse() };
  } catch (error) {
    if (error instanceof SelectorProblemError) return { problem: error.problem };
    throw error;
  }
}

/** Recursive descent, one method for each level of the grammar. */
class Parser<Term extends string> {
  readonly #tokens: readonly Token[];
  readonly #grammar: Grammar<Term>;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], grammar: Grammar<Term>) {
    this.#tokens = tokens;
    this.#grammar = grammar;
  }

  parse(): SelectorNode<Term> {
    const first = this.#peek();
    if (first.kind === "end")
      failAt({ start: 0, end: 1 }, `the ${this.#grammar.what} is empty`, this.#grammar.emptyHint);
    const node = this.#chain("||");
    const rest = this.#peek();
    if (rest.kind === ")") failAt(rest.range, 'this ")" closes nothing', 'remove it, or add a "(" before');
    return node;
  }

  #chain(operator: "||" | "&&"): SelectorNode<Term> {
    const items = [this.#item(operator)];
    while (this.#peek().kind === operator) {
      this.#take();
      items.push(this.#item(operator));
    }
    if (operator === "&&") this.#refuseMissingOperator();
    const first = items[0] as SelectorNode<Term>;
    if (items.length === 1) return first;
    const range = { start: first.range.start, end: (items.at(-1) as SelectorNode<Term>).range.end };
    return { kind: operator === "||" ? "or" : "and", items, range };
  }

  #item(operator: "||" | "&&"): SelectorNode<Term> {
    return operator === "||" ? this.#chain("&&") : this.#unary();
  }

  /** `role:a tag:b`: two terms side by side mean nothing, and guessing "and" would surprise who meant "or". */
  #refuseMissingOperator(): void {
    const { kind, range } = this.#peek();
    if (kind === "word" || kind === "@" || kind === "!" || kind === "(") {
      failAt(range, "an operator is missing before this", 'put "&&" or "||" between terms');
    }
  }

  #unary(): SelectorNode<Term> {
    const { example, noNames } = this.#grammar;
    const token = this.#take();
    switch (token.kind) {
      case "word":
        return readTerm(token, this.#grammar);
      case "@":
        if (noNames !== undefined) failAt(token.range, `"@${token.name}" means nothing here`, noNames);
        return { kind: "name", name: token.name, range: token.range };
      case "!": {
        this.#enter(token);
        const item = this.#unary();
        this.#depth -= 1;
        return { kind: "not", item, range: { start: token.range.start, end: item.range.end } };
      }
      case "(":
        return this.#group(token);
      case ")":
      case "&&":
      case "||":
        return failAt(token.range, `a term is missing before "${token.kind}"`, `for example ${example}`);
      case "end":
        return failAt(
          { start: Math.max(0, token.range.start - 1), end: token.range.end },
          "a term is missing at the end",
          `for example ${example}`,
        );
    }
  }

  #group(open: Token): SelectorNode<Term> {
    this.#enter(open);
    const node = this.#chain("||");
    const close = this.#take();
    if (close.kind !== ")") failAt(open.range, 'this "(" is not closed', 'add a ")"');
    this.#depth -= 1;
    return { ...node, range: { start: open.range.start, end: close.range.end } };
  }

  #enter(token: Token): void {
    this.#depth += 1;
    if (this.#depth > maxSelectorDepth) {
      failAt(token.range, `the ${this.#grammar.what} nests deeper than ${maxSelectorDepth}`, this.#grammar.shortenHint);
    }
  }

  #peek(): Token {
    // The last token is "end" and is never taken past.
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)] as Token;
  }

  #take(): Token {
    const token = this.#peek();
    this.#next += 1;
    return token;
  }
}
