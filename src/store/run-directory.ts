import { matchGlob } from "../selectors/match-glob.ts";
import type { RepositoryResult, RunDirectory, RunRow } from "./contract.ts";
import type { StoreParts } from "./store-parts.ts";
import { compileInterruptedQuery, compileRunQuery, runColumns } from "./run-query.ts";
import { type OwnerColumns, toOwner } from "./owner-row.ts";

/** Lists: what lists show is read from rows that were written with the events they follow from. */
export function createRunDirectory(
  { db, read, now }: StoreParts,
  deadOwners: () => readonly string[],
): Pick<
  RunDirectory,
  "listRuns" | "listInterrupted" | "listRunRepositories" | "getRun" | "findRunIds" | "findRunNeighbours" | "lastResults"
> {
  db.function("match_glob", { deterministic: true, directOnly: true }, (pattern, text) =>
    matchGlob(String(pattern), String(text)) ? 1 : 0,
  );
  const one = db.prepare(`${runColumns} WHERE run.id = ?`);
  const prefix = db.prepare("SELECT id FROM run WHERE id >= ? AND id < ? ORDER BY id LIMIT ?");
  const neighbours = db.prepare(
    "SELECT (SELECT max(id) FROM run WHERE id < ?1) AS before, (SELECT min(id) FROM run WHERE id > ?1) AS after",
  );
  const extents = db.prepare(`
    SELECT run.id, repositories FROM json_each(?) AS wanted JOIN run ON run.id = wanted.value
    JOIN run_extent ON run_extent.run = run.position`);
  const results = db.prepare(
    "SELECT repository, run_id AS runId, job, state, ended_at AS endedAt FROM repository_result",
  );

  return {
    listRuns: (query) =>
      read(() => {
        const { sql, values } = compileRunQuery(query, { now: now(), dead: deadOwners });
        return (db.prepare(sql).all(values) as unknown as RunColumns[]).map(toRow);
      }),

    listInterrupted: (query) =>
      read(() => {
        const { sql, values } = compileInterruptedQuery(query, { dead: deadOwners });
        return (db.prepare(sql).all(values) as { id: string }[]).map(({ id }) => id);
      }),

    listRunRepositories: (runIds) =>
      read(() => {
        const rows = extents.all(JSON.stringify(runIds)) as { id: string; repositories: string }[];
        return new Map(
          rows.map(({ id, repositories }) => [id, JSON.parse(repositories) as readonly string[]] as const),
        );
      }),

    getRun: (runId) =>
      read(() => {
        const row = one.get(runId) as RunColumns | undefined;
        return row === undefined ? null : toRow(row);
      }),

    // Ids are base32 in lower case, so `{` comes after every id with the prefix.
    findRunIds: (text, limit) =>
      read(() => (prefix.all(text, `${text}{`, limit) as { id: string }[]).map((row) => row.id)),

    findRunNeighbours: (id) =>
      read(() => {
        const { before, after } = neighbours.get(id) as { before: string | null; after: string | null };
        return [before, after].filter((other) => other !== null);
      }),

    lastResults: () => read(() => results.all().map((row) => ({ ...row }) as unknown as RepositoryResult)),
  };
}

interface RunColumns extends OwnerColumns {
  readonly runId: string;
  readonly position: number;
  readonly workflow: string;
  readonly revision: string;
  readonly state: string;
  readonly reason: string;
  readonly actor: string;
  readonly created_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly total: number;
  readonly queued: number;
  readonly running: number;
  readonly succeeded: number;
  readonly failed: number;
  readonly cancelled: number;
  readonly skipped: number;
  readonly fence: number;
  readonly run_seq: number;
  readonly detached: number;
}

function toRow(row: RunColumns): RunRow {
  const { total, queued, running, succeeded, failed, cancelled, skipped } = row;
  return {
    id: row.runId,
    position: row.position,
    workflow: row.workflow,
    revision: row.revision,
    state: row.state,
    reason: row.reason,
    actor: row.actor,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
    counts: { total, queued, running, succeeded, failed, cancelled, skipped },
    detached: row.detached === 1,
    owner: row.id === null ? null : toOwner(row),
    fence: row.fence,
    runSeq: row.run_seq,
  };
}
