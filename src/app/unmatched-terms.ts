import { nearest } from "../lib/suggest.ts";
import { describeFleet } from "../repositories/fleet-subjects.ts";
import type { Fleet, Repository } from "../repositories/types.ts";
import type { SelectorNode, TermNode } from "../selectors/ast.ts";
import { matchesSelector, type SelectorSubject } from "../selectors/evaluate-selector.ts";
import { tryParseSelector } from "../selectors/parse-selector.ts";

/** Terms whose value nothing declares: a wrong one is no error, it only picks nothing. */
const freeTerms: ReadonlySet<string> = new Set(["name", "path", "tag"]);

/**
 * A sentence for each term of a selector that fits no repository at all, with what exists near it. What stands behind `!`, and
 * inside named selectors, is not looked at: there, to fit nothing is usual.
 *
 * @param visible The repositories that the reader may know of.
 * @example
 * explainUnmatched("name:gatway", fleet, fleet.repositories); // ['name:gatway fits no repository; did you mean "gateway"?']
 */
export function explainUnmatched(text: string, fleet: Fleet, visible: readonly Repository[]): string[] {
  const { node } = tryParseSelector(text);
  if (node === undefined) return [];
  const subjects = visible.map(describeFleet(fleet));
  const unmatched = wantedTerms(node).filter((term) => {
    const selector = { text, node: term, names: new Map<string, SelectorNode>() };
    return !subjects.some((subject) => matchesSelector(selector, subject));
  });
  return unmatched.map(({ term, value }) => {
    const near = nearest(value, new Set(subjects.flatMap((subject) => valuesOf(term, subject))));
    return `${term}:${value} fits no repository${near === undefined ? "" : `; did you mean "${near}"?`}`;
  });
}

function valuesOf(term: string, { name, path, tags }: SelectorSubject): readonly string[] {
  if (term === "tag") return tags.flatMap(withParents);
  return [term === "path" && path !== undefined ? path : name];
}

function wantedTerms(node: SelectorNode): TermNode[] {
  if (node.kind === "term") return freeTerms.has(node.term) ? [node] : [];
  return node.kind === "and" || node.kind === "or" ? node.items.flatMap(wantedTerms) : [];
}

/** `a/b/c` is picked by `tag:a` and `tag:a/b` too. */
function withParents(tag: string): string[] {
  const parts = tag.split("/");
  return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
}
