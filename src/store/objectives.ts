import type { GoodRuns, ObjectiveStore } from "./objective-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** The part of the store that counts for objectives. */
export function createObjectiveStore({ db, read }: StoreParts): ObjectiveStore {
  let statement: ReturnType<StoreParts["db"]["prepare"]> | undefined;
  return {
    countGoodRuns: ({ since, workflows, withinMs }) =>
      read(() => {
        // The index holds all that is asked for.
        statement ??= db.prepare(`
          WITH edge AS (SELECT key AS number, value AS at FROM json_each(?1)),
            ended AS (
              SELECT ended_at, iif(?3 IS NULL, state = 'succeeded', ended_at - created_at <= ?3) AS good
              FROM run INDEXED BY run_ended
              WHERE ended_at >= (SELECT min(at) FROM edge) AND state IN ('succeeded', 'partial', 'failed')
                AND iif(json_array_length(?2) = 0, workflow NOT GLOB 'mahavishnu/*', workflow IN (SELECT value FROM json_each(?2))))
          SELECT edge.number, count(ended.ended_at) AS total, coalesce(sum(ended.good), 0) AS good
          FROM edge LEFT JOIN ended ON ended.ended_at >= edge.at GROUP BY edge.number ORDER BY edge.number`);
        const rows = statement.all(JSON.stringify(since), JSON.stringify(workflows), withinMs);
        return (rows as unknown as GoodRuns[]).map(({ good, total }) => ({ good, total }));
      }),
  };
}
