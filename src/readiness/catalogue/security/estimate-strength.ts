import { ZxcvbnFactory } from "@zxcvbn-ts/core";
import { adjacencyGraphs, dictionary } from "@zxcvbn-ts/language-common";

/**
 * How many guesses a secret withstands, as a power of ten. Heavy: it knows dictionaries and keyboards. Load this file only
 * for a secret that is in doubt.
 */
export function estimateStrength(secret: string): number {
  const zxcvbn = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs });
  return zxcvbn.check(secret.trim()).guessesLog10;
}
