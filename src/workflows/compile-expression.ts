import type { Expr } from "@actions/expressions/ast";
import { Lexer, type Token, TokenType } from "@actions/expressions/lexer";
import { Parser } from "@actions/expressions/parser";
import { didYouMean } from "../lib/suggest.ts";
import { type ContextName, contextNames, type LazyValue, lazyValues } from "./contexts.ts";
import { functionNames, notBuiltFunctions, statusFunctions } from "./expression-functions.ts";
import { ExpressionProblem } from "./expression-problem.ts";
import { type Access, listAccesses, type StatusCall, type TokenRange } from "./list-accesses.ts";

/** A parsed expression with what it names. */
export interface CompiledExpression {
  readonly source: string;
  readonly tree: Expr;
  readonly accesses: readonly Access[];
  /** Calls of `success()`, `failure()`, `always()` and `cancelled()`. */
  readonly statusCalls: readonly StatusCall[];
  /** The lazy values that it names, or may name: `repo[x]` and `toJSON(repo)` may name all. */
  readonly lazy: readonly LazyValue[];
}

/** GitHub's own limit of one expression's length. */
const maxLength = 21_000;
/** A chain of comparisons is parsed to a tree as deep as it is long; everything else is bounded by the parser's depth of 50. */
const maxComparisons = 200;

/**
 * Parses one expression, the inside of `${{ }}`.
 *
 * @throws ExpressionProblem with the wrong place in `source`: syntax, unknown contexts and functions, too long, too deep.
 * @example
 * compileExpression("inputs.major >= 20").accesses[0]?.context; // "inputs"
 */
export function compileExpression(source: string): CompiledExpression {
  const whole = { start: 0, end: source.length };
  if (source.trim() === "") throw new ExpressionProblem("this expression is empty", whole);
  if (source.length > maxLength) {
    throw new ExpressionProblem(`this expression is longer than ${maxLength} characters`, { start: 0, end: 1 });
  }
  const tokens = readTokens(source);
  const ranges = locateTokens(source, tokens);
  const rangeOf = (token: Token): TokenRange => ranges.get(token) ?? whole;
  checkNames(tokens, rangeOf);
  checkComparisons(tokens, rangeOf);
  const tree = parseTokens(tokens, rangeOf);
  const { accesses, statusCalls } = listAccesses(tree, rangeOf);
  return { source, tree, accesses, statusCalls, lazy: listLazyValues(accesses) };
}

function listLazyValues(accesses: readonly Access[]): LazyValue[] {
  const paths = accesses.filter(({ context }) => context === "repo").map(({ path }) => path);
  return Object.entries(lazyValues)
    .filter(([key]) => paths.some(([first]) => first?.kind !== "name" || first.name.toLowerCase() === key))
    .map(([, value]) => value);
}

function readTokens(source: string): Token[] {
  try {
    const { tokens } = new Lexer(source).lex();
    // The lexer undoes only the first doubled quote of a string; GitHub's runner undoes all.
    return tokens.map((token) =>
      token.type === TokenType.STRING ? { ...token, value: unquote(token.lexeme) } : token,
    );
  } catch (error) {
    const found = /^Unexpected symbol: '(.*?)'\. Located at position (\d+) within expression/s.exec(
      (error as Error).message,
    );
    const start = Number(found?.[2] ?? 1) - 1;
    const symbol = found?.[1] ?? source;
    if (symbol.startsWith("'")) {
      throw new ExpressionProblem("this text has no closing quote", { start, end: source.length });
    }
    const hint = symbol.startsWith('"') ? "texts stand in single quotes: 'like this'" : undefined;
    throw new ExpressionProblem(`unexpected symbol ${symbol}`, { start, end: start + symbol.length }, hint);
  }
}

function unquote(lexeme: string): string {
  return lexeme.slice(1, -1).replaceAll("''", "'");
}

/** Offsets of tokens. The lexer's own columns are wrong after a line break inside a string. */
function locateTokens(source: string, tokens: readonly Token[]): ReadonlyMap<Token, TokenRange> {
  const ranges = new Map<Token, TokenRange>();
  let from = 0;
  for (const token of tokens) {
    // Only white space stands between tokens, so the next occurrence is the token itself.
    const start = token.type === TokenType.EOF ? source.trimEnd().length : source.indexOf(token.lexeme, from);
    ranges.set(token, { start, end: start + token.lexeme.length });
    from = start + token.lexeme.length;
  }
  return ranges;
}

/** Names of contexts and functions are checked here and not by the parser, which takes `constructor()` for a function. */
function checkNames(tokens: readonly Token[], rangeOf: (token: Token) => TokenRange): void {
  for (const [index, token] of tokens.entries()) {
    if (token.type !== TokenType.IDENTIFIER || tokens[index - 1]?.type === TokenType.DOT) continue;
    const name = token.lexeme.toLowerCase();
    if (tokens[index + 1]?.type === TokenType.LEFT_PAREN) checkFunction(token.lexeme, rangeOf(token));
    else if (!isContextName(name)) {
      const hint = didYouMean(token.lexeme, contextNames);
      throw new ExpressionProblem(`unknown context "${token.lexeme}"`, rangeOf(token), hint);
    }
  }
}

function checkFunction(name: string, range: TokenRange): void {
  const lower = name.toLowerCase();
  if (functionNames.some((known) => known.toLowerCase() === lower)) return;
  for (const [planned, sentence] of notBuiltFunctions) {
    if (planned.toLowerCase() === lower) throw new ExpressionProblem(`${planned}() is not built yet`, range, sentence);
  }
  throw new ExpressionProblem(`unknown function "${name}"`, range, didYouMean(name, functionNames));
}

/** Whether a name in lower case is that of a context. */
function isContextName(name: string): name is ContextName {
  return (contextNames as readonly string[]).includes(name);
}

function checkComparisons(tokens: readonly Token[], rangeOf: (token: Token) => TokenRange): void {
  const comparisons = tokens.filter(({ type }) => type >= TokenType.BANG_EQUAL && type <= TokenType.LESS_EQUAL);
  const over = comparisons[maxComparisons];
  if (over !== undefined)
    throw new ExpressionProblem(`more than ${maxComparisons} comparisons in one expression`, rangeOf(over));
}

function parseTokens(tokens: Token[], rangeOf: (token: Token) => TokenRange): Expr {
  try {
    return new Parser(tokens, [...contextNames], [...statusFunctions.values()]).parse();
  } catch (error) {
    // The parser's errors carry the token, though their types do not say so.
    const token = (error as { readonly tok?: Token }).tok;
    if (token === undefined) throw error;
    throw new ExpressionProblem(describe((error as Error).message, token), rangeOf(token));
  }
}

function describe(message: string, token: Token): string {
  const what = message.slice(0, message.indexOf(":")).toLowerCase();
  if (token.type === TokenType.EOF || what === "unexpected end of expression") return "this expression ends too early";
  if (what === "unexpected symbol") return `unexpected ${token.lexeme}`;
  if (what.startsWith("exceeded max expression depth")) return "this expression is nested deeper than 50 levels";
  return what.endsWith("parameters supplied") || what.startsWith("even number")
    ? `${what} to ${token.lexeme}()`
    : `${what}: ${token.lexeme}`;
}
