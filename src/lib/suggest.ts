import { distance } from "fastest-levenshtein";

/**
 * The known word nearest to a mistyped one, or undefined when none is near (more than a third of the letters differ).
 * A word that is only the beginning of one known word (`prod` of `production`) is near to it.
 *
 * @example
 * nearest("servce", ["service", "library"]); // "service"
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    const d = distance(word.toLowerCase(), candidate.toLowerCase());
    if (d < bestDistance) [best, bestDistance] = [candidate, d];
  }
  if (best !== undefined || word.length < 3) return best;
  const longer = [...new Set(known)].filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  return longer.length === 1 ? longer[0] : undefined;
}

/** `did you mean "x"?`, or the list of what is known when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  return known.length === 0 ? "there is none to choose from" : `known: ${known.join(", ")}`;
}
