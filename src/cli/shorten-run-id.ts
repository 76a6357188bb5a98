import type { RunDirectory } from "../store/contract.ts";

/** Shorter than this an id is not recognised by eye. */
const least = 4;

/**
 * The beginning of a run's id that tells it apart from all other runs, at least four characters.
 *
 * @example
 * await shortenRunId(store, "k3v9q0x2mf"); // "k3v9"
 */
export async function shortenRunId(store: Pick<RunDirectory, "findRunIds">, id: string): Promise<string> {
  for (let length = least; length < id.length; length += 1) {
    const prefix = id.slice(0, length);
    if ((await store.findRunIds(prefix, 2)).length <= 1) return prefix;
  }
  return id;
}
