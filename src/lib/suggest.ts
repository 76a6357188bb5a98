import { distance } from "fastest-levenshtein";

/**
 * The known word nearest to a mistyped one, or undefined when none is near (more than a third of the letters differ).
 * Parts that both begin with (`MAHAVISHNU_`, `limits.`) say nothing of how near the rest is, and do not count as letters.
 * A word that is only the beginning of one known word (`prod` of `production`) is near to it.
 *
 * @example
 * nearest("servce", ["service", "library"]); // "service"
 */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const shared = sharedParts(word.toLowerCase(), candidate.toLowerCase());
    const [given, meant] = [word.toLowerCase().slice(shared), candidate.toLowerCase().slice(shared)];
    const d = distance(given, meant);
    const allowed = Math.max(1, Math.floor(given.length / 3));
    // Where every letter differs, nothing is near: "a" is not meant by "b".
    if (d <= allowed && d < Math.max(given.length, meant.length, 1) && d < bestDistance) {
      [best, bestDistance] = [candidate, d];
    }
  }
  if (best !== undefined || word.length < 3) return best;
  const longer = [...new Set(known)].filter((candidate) => candidate.toLowerCase().startsWith(word.toLowerCase()));
  return longer.length === 1 ? longer[0] : undefined;
}

/** How many letters the parts take that both words begin with, each part with the sign that ends it. */
function sharedParts(a: string, b: string): number {
  let shared = 0;
  for (let at = 0; at < a.length && a[at] === b[at]; at += 1) if (/[_.:/-]/.test(a[at] ?? "")) shared = at + 1;
  return shared;
}

/** Nobody reads a longer list to its end. */
const mostNamed = 50;

/** `did you mean "x"?`, or the list of what is known when nothing is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  if (near !== undefined) return `did you mean "${near}"?`;
  if (known.length === 0) return "there is none to choose from";
  const more = known.length > mostNamed ? ` and ${known.length - mostNamed} more` : "";
  return `known: ${known.slice(0, mostNamed).join(", ")}${more}`;
}
