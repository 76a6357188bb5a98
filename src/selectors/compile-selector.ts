import { didYouMean } from "../lib/suggest.ts";
import type { NameNode, Range, SelectorNode, TermNode } from "./ast.ts";
import { tryParseSelector } from "./parse-selector.ts";
import { type SelectorProblem, selectorError } from "./selector-problem.ts";
import { type TermName, terms } from "./terms.ts";

/** How long a chain of names that refer to each other may be. */
export const maxNameDepth = 32;

/** What a selector may refer to. What is left out is not checked. */
export interface SelectorContext {
  /** Named selectors: name to text. Without it, every `@name` is unknown. */
  readonly named?: ReadonlyMap<string, string>;
  /** The terms whose facts are at hand; all when left out. `manifestTerms` is the other usual value. */
  readonly allowed?: ReadonlySet<TermName>;
  /** Names of the declared roles: `role:x` with another one is an error. */
  readonly roles?: readonly string[];
  /** Names of the repositories: `needs:x` and `dependents:x` with another one are errors. */
  readonly repositories?: readonly string[];
}

/** A selector that is proved sound: its names resolve, its facts are at hand. */
export interface Selector {
  readonly text: string;
  readonly node: SelectorNode;
  /** The parsed selector of every name that it reaches. */
  readonly names: ReadonlyMap<string, SelectorNode>;
}

/** A sound selector, or what is wrong with it. */
export type CompileResult = { readonly selector: Selector } | { readonly problems: readonly SelectorProblem[] };

/**
 * Parses a selector and proves that it can be evaluated: names resolve without a circle, roles and repositories exist.
 *
 * @param file What the text is called in messages, such as `--select`.
 * @throws UserFileError with each place, a caret and the fix.
 * @example
 * compileSelector("@web && dirty", "--select", { named: new Map([["web", "tag:web"]]) }).names.has("web"); // true
 */
export function compileSelector(text: string, file: string, context: SelectorContext = {}): Selector {
  const result = tryCompileSelector(text, context);
  if ("selector" in result) return result.selector;
  throw selectorError(file, text, result.problems);
}

/** Like `compileSelector`, but hands the problems back, for texts that stand inside another file. */
export function tryCompileSelector(text: string, context: SelectorContext = {}): CompileResult {
  const parsed = tryParseSelector(text);
  if (parsed.node === undefined) return { problems: [parsed.problem] };
  const names: Names = new Map();
  const problems: SelectorProblem[] = [];
  for (const leaf of leavesOf(parsed.node)) {
    const problem = leaf.kind === "term" ? checkTerm(leaf, context) : checkName(leaf, context, names);
    if (problem !== undefined) problems.push(problem);
  }
  if (problems.length > 0) return { problems };
  const nodes = new Map([...names].map(([name, { node }]) => [name, node] as const));
  return { selector: { text, node: parsed.node, names: nodes } };
}

/** Names that are proved sound, each with how deep it reaches through other names. */
type Names = Map<string, { readonly node: SelectorNode; readonly depth: number }>;

/** All terms and names of a parsed selector, in the order of the text. */
export function leavesOf(node: SelectorNode): (TermNode | NameNode)[] {
  switch (node.kind) {
    case "term":
    case "name":
      return [node];
    case "not":
      return leavesOf(node.item);
    case "and":
    case "or":
      return node.items.flatMap(leavesOf);
  }
}

function checkTerm({ term, value, range }: TermNode, context: SelectorContext): SelectorProblem | undefined {
  if (context.allowed !== undefined && !context.allowed.has(term)) {
    const known = [...context.allowed].join(", ");
    return { range, message: `"${term}" cannot be used here: ${factsSentence(term)}`, hint: `terms here: ${known}` };
  }
  const valueRange = { start: range.start + term.length + 1, end: range.end };
  if (term === "role" && context.roles !== undefined && !context.roles.includes(value)) {
    return { range: valueRange, message: `unknown role "${value}"`, hint: didYouMean(value, context.roles) };
  }
  if (
    (term === "needs" || term === "dependents") &&
    context.repositories !== undefined &&
    !context.repositories.includes(value)
  ) {
    return {
      range: valueRange,
      message: `unknown repository "${value}"`,
      hint: didYouMeanFew(value, context.repositories),
    };
  }
  return undefined;
}

/** Of a fleet of a thousand names, a list helps nobody. */
function didYouMeanFew(word: string, known: readonly string[]): string {
  const hint = didYouMean(word, known);
  return known.length > 12 && hint.startsWith("known: ") ? "`mahavishnu repos list` shows the names" : hint;
}

function factsSentence(term: TermName): string {
  switch (terms[term].facts) {
    case "manifest":
      return "the manifest is not at hand";
    case "files":
      return "the files of the repositories are not at hand";
    case "git":
    case "changes":
      return "what git knows of the repositories is not at hand";
    case "runs":
      return "the history of runs is not at hand";
  }
}

/** Resolves a name and everything that it reaches into `names`, or says what is wrong on the way. */
function checkName(start: NameNode, context: SelectorContext, names: Names): SelectorProblem | undefined {
  const { range } = start;
  const tooDeep: SelectorProblem = {
    range,
    message: `named selectors refer to each other more than ${maxNameDepth} deep`,
    hint: "shorten the chain",
  };
  const visit = (name: string, path: readonly string[]): SelectorProblem | undefined => {
    if (names.has(name)) return undefined;
    if (path.includes(name)) {
      const circle = [...path.slice(path.indexOf(name)), name].map((part) => `@${part}`).join(" -> ");
      return { range, message: `named selectors form a circle: ${circle}`, hint: "take one of them out" };
    }
    if (path.length >= maxNameDepth) return tooDeep;
    const via = path.length === 0 ? "" : ` (in @${path.join(" -> @")})`;
    const text = context.named?.get(name);
    if (text === undefined) return unknownName(name, via, range, context);
    const parsed = tryParseSelector(text);
    if (parsed.node === undefined) {
      const hint = parsed.problem.hint ?? "mend the named selector";
      return { range, message: `selector "@${name}"${via} is not valid: ${parsed.problem.message}`, hint };
    }
    let depth = 1;
    for (const leaf of leavesOf(parsed.node)) {
      if (leaf.kind === "name") {
        const problem = visit(leaf.name, [...path, name]);
        if (problem !== undefined) return problem;
        depth = Math.max(depth, 1 + (names.get(leaf.name)?.depth ?? 0));
      } else {
        const problem = checkTerm(leaf, context);
        // The term's own place is one of another text: the caret stays under the name that was written here.
        if (problem !== undefined)
          return { ...problem, range, message: `in selector "@${name}"${via}: ${problem.message}` };
      }
    }
    // Found in pieces, a chain may be longer than any one walk; evaluation would follow all of it.
    if (depth > maxNameDepth) return tooDeep;
    names.set(name, { node: parsed.node, depth });
    return undefined;
  };
  return visit(start.name, []);
}

function unknownName(name: string, via: string, range: Range, context: SelectorContext): SelectorProblem {
  const known = [...(context.named?.keys() ?? [])];
  const hint =
    known.length === 0 ? "no selectors are named; they are declared under selectors:" : didYouMean(name, known);
  return { range, message: `unknown selector "@${name}"${via}`, hint };
}
