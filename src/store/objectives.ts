import type { GoodRuns, GoodRunsQuery, ObjectiveStore } from "./objective-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** In `meta`: the newest end of a run that objectives counted and that was purged. */
export const forgottenKey = "forgottenUpTo";

/** What objectives count, as a condition on `run`: cancelled runs are nobody's failure, and the product's own are nobody's promise. */
export const countedStates = "state IN ('succeeded', 'partial', 'failed')";

/** The part of the store that counts for objectives. */
export function createObjectiveStore({ db, read }: StoreParts): ObjectiveStore {
  const statements = new Map<number, ReturnType<StoreParts["db"]["prepare"]>>();
  const statementOf = (times: number): ReturnType<StoreParts["db"]["prepare"]> => {
    const known = statements.get(times);
    if (known !== undefined) return known;
    const made = db.prepare(countingSql(times));
    statements.set(times, made);
    return made;
  };
  let forgotten: ReturnType<StoreParts["db"]["prepare"]> | undefined;
  return {
    countGoodRuns: ({ since, workflows, withinMs }: GoodRunsQuery) =>
      read(() => {
        if (since.length === 0) return [];
        const row = statementOf(since.length).get(JSON.stringify(workflows), withinMs, Math.min(...since), ...since);
        const counts = row as Readonly<Record<string, number>>;
        return since.map((_, index): GoodRuns => ({
          good: counts[`good${index}`] ?? 0,
          total: counts[`total${index}`] ?? 0,
        }));
      }),

    readForgottenUpTo: () =>
      read(() => {
        forgotten ??= db.prepare("SELECT CAST(value AS INTEGER) AS at FROM meta WHERE key = ?");
        return (forgotten.get(forgottenKey) as { at: number } | undefined)?.at ?? null;
      }),
  };
}

/** One pass for all times: the index holds all that is asked for. */
function countingSql(times: number): string {
  const counts = Array.from({ length: times }, (_, index) => {
    const inside = `ended_at >= ?${index + 4}`;
    return `count(*) FILTER (WHERE ${inside}) AS total${index}, count(*) FILTER (WHERE good AND ${inside}) AS good${index}`;
  });
  return `
    SELECT ${counts.join(", ")} FROM (
      SELECT ended_at, iif(?2 IS NULL, state = 'succeeded', ended_at - created_at <= ?2) AS good
      FROM run INDEXED BY run_ended
      WHERE ended_at >= ?3 AND ${countedStates}
        AND iif(json_array_length(?1) = 0, workflow NOT GLOB 'mahavishnu/*', workflow IN (SELECT value FROM json_each(?1))))`;
}
