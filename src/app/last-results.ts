import type { AppContext } from "./app-context.ts";

/** Reads the state of each repository's latest target, for selectors with `last:`. */
export function readLastResults(context: AppContext): () => Promise<ReadonlyMap<string, string>> {
  return async () => {
    const results = await (await context.history()).lastResults();
    return new Map(results.map(({ repository, state }) => [repository, state] as const));
  };
}
