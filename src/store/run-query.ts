import type { RunQuery } from "./contract.ts";
import { type FilterFacts, filterSql, interruptedSql, SqlValues, stateSql, visibleSql } from "./filter-sql.ts";

/** A statement with its values. */
export interface SqlQuery {
  readonly sql: string;
  readonly values: SqlValues["values"];
}

/** What runs are, and who owns them. */
export const runColumns = `
  SELECT run.id AS runId, position, workflow, revision, state, reason, actor, created_at, started_at, ended_at,
    total, queued, running, succeeded, failed, cancelled, skipped, fence, run_seq, detached,
    owner.id, owner.pid, owner.start_time, owner.boot_id, owner.lease_until
  FROM run LEFT JOIN owner ON owner.id = run.owner_id`;

/**
 * The statement for a list of runs, the newest first. It walks along the positions, from `beforePosition` down: no list is sorted, and
 * none begins at the newest run again.
 *
 * @param facts.dead Owners whose runs are interrupted.
 */
export function compileRunQuery(query: RunQuery, { now, dead }: Pick<FilterFacts, "now" | "dead">): SqlQuery {
  const { states, workflow, filters = [], visible, beforePosition, fromPosition, limit } = query;
  const bind = new SqlValues();
  let lost: readonly string[] | undefined;
  const facts: FilterFacts = { bind, now, visible, dead: () => (lost ??= dead()) };
  const where = [`run.position < ${bind.bind(beforePosition ?? Number.MAX_SAFE_INTEGER)}`];
  if (fromPosition !== undefined) where.push(`run.position >= ${bind.bind(fromPosition)}`);
  if (states !== undefined) {
    where.push(states.length === 0 ? "FALSE" : `(${states.map((state) => stateSql(state, facts)).join(" OR ")})`);
  }
  if (workflow !== undefined) where.push(`run.workflow = ${bind.bind(workflow)}`);
  for (const filter of filters) where.push(filterSql(filter, facts));
  if (visible !== undefined) where.push(visibleSql(visible, bind));
  const sql = `${runColumns} WHERE ${where.join(" AND ")} ORDER BY run.position DESC LIMIT ${bind.bind(limit)}`;
  return { sql, values: bind.values };
}

/** The statement for the ids of interrupted runs, the oldest first, from the indexes of runs that are not over. */
export function compileInterruptedQuery(
  { visible, limit }: Pick<RunQuery, "visible" | "limit">,
  { dead }: Pick<FilterFacts, "dead">,
): SqlQuery {
  const bind = new SqlValues();
  const lost = dead();
  const where = [
    `run.position IN (
      SELECT position FROM run WHERE ended_at IS NULL AND owner_id IS NULL UNION ALL
      SELECT position FROM run WHERE ended_at IS NULL AND owner_id IS NOT NULL AND owner_id IN ${bind.list(lost)})`,
    interruptedSql({ bind, dead: () => lost }),
    ...(visible === undefined ? [] : [visibleSql(visible, bind)]),
  ];
  return {
    sql: `SELECT run.id FROM run WHERE ${where.join(" AND ")} ORDER BY run.position LIMIT ${bind.bind(limit)}`,
    values: bind.values,
  };
}
