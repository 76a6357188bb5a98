import type { SelectorNode, TermNode } from "./ast.ts";
import type { Selector } from "./compile-selector.ts";
import { matchGlob } from "./match-glob.ts";

/** What a selector asks of one repository. A fact that was not read yet is undefined. */
export interface SelectorSubject {
  readonly name: string;
  /** Relative to the fleet's root, parts joined by `/`. */
  readonly path?: string;
  readonly role?: string;
  readonly tags: readonly string[];
  readonly needs: readonly string[];
  /** True when this repository depends on the named one, directly or through others. */
  dependsOn?(repository: string): boolean;
  /** True when the repository holds the file. */
  hasFile?(file: string): boolean | undefined;
  readonly git?: { readonly dirty: boolean; readonly ahead: number; readonly behind: number } | undefined;
  /** True when tracked files differ from the point where the repository left the ref. */
  changedSince?(ref: string): boolean | undefined;
  /** State of the latest target; null when there never was one. */
  readonly last?: string | null | undefined;
}

/** Yes, no, or the terms whose facts must be read before it can be told. */
export type Answer = boolean | ReadonlySet<TermNode>;

/**
 * Evaluates a selector on one repository, without any side effect (Kleene's three-valued logic: `dirty && role:x` is
 * already false for another role, whatever git says).
 *
 * @example
 * evaluateSelector(compileSelector("tag:lang", "x"), { name: "a", tags: ["lang/ts"], needs: [] }); // true
 */
export function evaluateSelector(selector: Selector, subject: SelectorSubject): Answer {
  // Names are evaluated once for each repository: names that use names twice would else take 2^n steps.
  const known = new Map<string, Answer>();
  const evaluate = (node: SelectorNode): Answer => {
    switch (node.kind) {
      case "term": {
        const value = evaluateTerm(node, subject);
        return value === undefined ? new Set([node]) : value;
      }
      case "name": {
        const found = known.get(node.name);
        if (found !== undefined) return found;
        const named = selector.names.get(node.name);
        if (named === undefined) throw new Error(`selector "@${node.name}" was never compiled`);
        const answer = evaluate(named);
        known.set(node.name, answer);
        return answer;
      }
      case "not": {
        const answer = evaluate(node.item);
        return typeof answer === "boolean" ? !answer : answer;
      }
      case "and":
        return joinAnswers(node.items, evaluate, false);
      case "or":
        return joinAnswers(node.items, evaluate, true);
    }
  };
  return evaluate(selector.node);
}

/** One `decisive` answer settles a chain; else unknown ones leave it open. */
function joinAnswers(
  items: readonly SelectorNode[],
  evaluate: (node: SelectorNode) => Answer,
  decisive: boolean,
): Answer {
  let open: Set<TermNode> | undefined;
  for (const item of items) {
    const answer = evaluate(item);
    if (answer === decisive) return decisive;
    if (typeof answer !== "boolean") {
      open ??= new Set();
      for (const term of answer) open.add(term);
    }
  }
  return open ?? !decisive;
}

function evaluateTerm({ term, value }: TermNode, subject: SelectorSubject): boolean | undefined {
  switch (term) {
    case "name":
      return matchGlob(value, subject.name);
    case "path":
      return matchGlob(value, subject.path ?? subject.name);
    case "role":
      return subject.role === value;
    case "tag":
      return subject.tags.some((tag) => tag === value || tag.startsWith(`${value}/`));
    case "needs":
      return subject.needs.includes(value);
    case "dependents":
      return subject.dependsOn?.(value);
    case "has":
      return subject.hasFile?.(value);
    case "dirty":
      return subject.git?.dirty;
    case "ahead":
      return subject.git === undefined ? undefined : subject.git.ahead > 0;
    case "behind":
      return subject.git === undefined ? undefined : subject.git.behind > 0;
    case "changed":
      return subject.changedSince?.(value);
    case "last":
      return subject.last === undefined ? undefined : subject.last === value;
  }
}

/**
 * Evaluates a selector whose terms all stand in the manifest.
 *
 * @throws Error when a fact is missing; compile with `allowed: manifestTerms` and it never is.
 */
export function matchesSelector(selector: Selector, subject: SelectorSubject): boolean {
  const answer = evaluateSelector(selector, subject);
  if (typeof answer === "boolean") return answer;
  throw new Error(
    `selector "${selector.text}" needs facts that were not read: ${[...answer].map(({ term }) => term).join(", ")}`,
  );
}
