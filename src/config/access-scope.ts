import { leavesOf } from "../selectors/compile-selector.ts";
import { tryParseSelector } from "../selectors/parse-selector.ts";
import { manifestTerms } from "../selectors/terms.ts";

/**
 * What is wrong with the scope of a role, if anything. A scope is a selector that the manifest alone answers: a right that
 * comes and goes with a dirty file would be none. Names (`@x`) are looked up where the manifest is known.
 */
export function explainScope(text: string): string | undefined {
  const parsed = tryParseSelector(text);
  if (parsed.node === undefined) {
    const { message, hint } = parsed.problem;
    return `this selector is not valid: ${message}${hint === undefined ? "" : ` (${hint})`}`;
  }
  const foreign = leavesOf(parsed.node).find((leaf) => leaf.kind === "term" && !manifestTerms.has(leaf.term));
  if (foreign?.kind !== "term") return undefined;
  return `"${foreign.term}" cannot decide about access; terms here: ${[...manifestTerms].join(", ")}`;
}
