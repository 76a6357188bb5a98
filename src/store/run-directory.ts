import type { SQLInputValue } from "node:sqlite";
import type { RepositoryResult, RunDirectory, RunRow } from "./contract.ts";
import type { StoreParts } from "./store-parts.ts";
import { type OwnerColumns, toOwner } from "./owners.ts";

const columns = `
  SELECT run.id AS runId, position, workflow, revision, state, reason, actor, created_at, started_at, ended_at,
    total, queued, running, succeeded, failed, cancelled, skipped, fence, run_seq, detached,
    owner.id, owner.pid, owner.start_time, owner.boot_id, owner.lease_until
  FROM run LEFT JOIN owner ON owner.id = run.owner_id`;

/** Lists: what lists show is read from rows that were written with the events they follow from. */
export function createRunDirectory({
  db,
  read,
}: StoreParts): Pick<RunDirectory, "listRuns" | "getRun" | "findRunIds" | "findRunNeighbours" | "lastResults"> {
  const one = db.prepare(`${columns} WHERE run.id = ?`);
  const prefix = db.prepare("SELECT id FROM run WHERE id >= ? AND id < ? ORDER BY id LIMIT ?");
  const before = db.prepare("SELECT id FROM run WHERE id < ? ORDER BY id DESC LIMIT 1");
  const after = db.prepare("SELECT id FROM run WHERE id > ? ORDER BY id LIMIT 1");
  const results = db.prepare(
    "SELECT repository, run_id AS runId, job, state, ended_at AS endedAt FROM repository_result",
  );

  return {
    listRuns: ({ states, workflow, beforePosition, limit }) =>
      read(() => {
        const where: string[] = [];
        const values: SQLInputValue[] = [];
        if (states !== undefined) {
          where.push(`state IN (${states.map(() => "?").join(", ")})`);
          values.push(...states);
        }
        if (workflow !== undefined) {
          where.push("workflow = ?");
          values.push(workflow);
        }
        if (beforePosition !== undefined) {
          where.push("position < ?");
          values.push(beforePosition);
        }
        const condition = where.length === 0 ? "" : ` WHERE ${where.join(" AND ")}`;
        const rows = db.prepare(`${columns}${condition} ORDER BY position DESC LIMIT ?`).all(...values, limit);
        return (rows as unknown as RunColumns[]).map(toRow);
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
      read(() => [before.get(id), after.get(id)].flatMap((row) => (row as { id: string } | undefined)?.id ?? [])),

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
