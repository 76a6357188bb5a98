import type { SQLInputValue, StatementSync } from "node:sqlite";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { AppendOptions, EventRecord, NewEvent, NewRun, RepositoryResult, RunJournal, RunProjection } from "./contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** The journal: events and the row that follows from them are written in one transaction, by the run's owner only. */
export function createRunJournal({ db, commits, read, now }: StoreParts): RunJournal {
  const insertRun = db.prepare(`
    INSERT INTO run(id, workflow, revision, idempotency_key, actor, created_at, state, reason, started_at, ended_at,
      total, queued, running, succeeded, failed, cancelled, skipped, owner_id, fence, run_seq)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`);
  const byKey = db.prepare("SELECT id, fence FROM run WHERE idempotency_key = ?");
  const insertEvent = db.prepare("INSERT INTO event(run, run_seq, type, v, time, actor, reason, data) VALUES(?, ?, ?, ?, ?, ?, ?, ?)");
  const selectRun = db.prepare("SELECT position, fence, run_seq, owner_id FROM run WHERE id = ?");
  // The fence and the sequence number are checked by the same statement that moves the run on: one row is written, or none.
  const advance = db.prepare("UPDATE run SET run_seq = ? WHERE position = ? AND fence = ? AND run_seq = ? AND owner_id IS NOT NULL");
  const project = db.prepare(`
    UPDATE run SET run_seq = ?, state = ?, reason = ?, started_at = ?, ended_at = ?,
      total = ?, queued = ?, running = ?, succeeded = ?, failed = ?, cancelled = ?, skipped = ?
    WHERE position = ? AND fence = ? AND run_seq = ? AND owner_id IS NOT NULL`);
  const release = db.prepare("UPDATE run SET owner_id = NULL WHERE position = ?");
  const answer = db.prepare("DELETE FROM request WHERE id = ?");
  const result = db.prepare(`
    INSERT INTO repository_result(repository, run_id, job, state, ended_at) VALUES(?, ?, ?, ?, ?)
    ON CONFLICT(repository) DO UPDATE SET run_id = excluded.run_id, job = excluded.job, state = excluded.state, ended_at = excluded.ended_at`);
  // Only active runs are in the partial index, so both stay small however long the history is.
  const goingOn = db.prepare(`
    SELECT count(*) AS n FROM run JOIN owner ON owner.id = run.owner_id
    WHERE run.ended_at IS NULL AND run.state IN ('running', 'cancelling') AND owner.lease_until > ?`);
  const olderWaiting = db.prepare(`
    SELECT 1 FROM run JOIN owner ON owner.id = run.owner_id
    WHERE run.ended_at IS NULL AND run.state = 'queued' AND run.position < ? AND owner.lease_until > ? LIMIT 1`);
  const selectEvents = db.prepare(`
    SELECT event.seq, run.id AS runId, event.run_seq AS runSeq, type, v, time, event.actor, event.reason, data
    FROM event JOIN run ON run.position = event.run WHERE run.id = ? AND event.run_seq > ? ORDER BY event.run_seq`);

  const writeEvents = (position: number, runSeq: number, events: readonly NewEvent[]): void => {
    for (const [index, event] of events.entries()) {
      insertEvent.run(position, runSeq + index + 1, event.type, event.v, event.time, event.actor, event.reason, JSON.stringify(event.data));
    }
  };

  const hasSlot = (position: number, limit: number): boolean => {
    const time = now();
    return (goingOn.get(time) as { n: number }).n < limit && olderWaiting.get(position, time) === undefined;
  };

  /** Runs that this process writes to; a position never changes. */
  const positions = new Map<string, number>();
  const positionOf = (runId: string): number => {
    const known = positions.get(runId);
    if (known !== undefined) return known;
    const row = selectRun.get(runId) as { position: number } | undefined;
    if (row === undefined) throw new MahavishnuError("RUN_SEQUENCE", `there is no run ${runId}`);
    positions.set(runId, row.position);
    return row.position;
  };

  const explainRefusal = (runId: string, { fence, expectedRunSeq }: AppendOptions): Error => {
    const row = selectRun.get(runId) as { fence: number; run_seq: number; owner_id: string | null };
    if (row.fence !== fence || row.owner_id === null) return new StaleOwnerError(runId);
    return new RunSeqError(runId, expectedRunSeq, row.run_seq);
  };

  return {
    createRun: (run) =>
      commits.run(() => {
        const known = run.idempotencyKey === undefined ? undefined : (byKey.get(run.idempotencyKey) as { id: string; fence: number } | undefined);
        if (known !== undefined) return { runId: known.id, created: false, started: false, fence: known.fence };
        crashPoint("store.createRun");
        const { admitBelow, event, row } = run.start;
        const started = hasSlot(Number.MAX_SAFE_INTEGER, admitBelow);
        const events = started ? [...run.events, event] : run.events;
        const { lastInsertRowid } = insertRun.run(...rowValues(run, started ? row : run.row, events.length, now()));
        writeEvents(Number(lastInsertRowid), 0, events);
        return { runId: run.id, created: true, started, fence: 1 };
      }),

    append: (runId, events, options) =>
      commits.run(() => {
        const position = positionOf(runId);
        if (options.admitBelow !== undefined && !hasSlot(position, options.admitBelow)) return false;
        const { expectedRunSeq, fence } = options;
        const runSeq = expectedRunSeq + events.length;
        const moved =
          options.row === undefined
            ? advance.run(runSeq, position, fence, expectedRunSeq)
            : project.run(runSeq, ...projectionValues(options.row), position, fence, expectedRunSeq);
        if (moved.changes === 0) throw explainRefusal(runId, options);
        if (options.release === true) positions.delete(runId);
        writeEvents(position, expectedRunSeq, events);
        writeRest(position, options, { release, answer, result });
        return true;
      }),

    readEvents: (runId, afterRunSeq = 0) =>
      read(() =>
        (selectEvents.all(runId, afterRunSeq) as unknown as (EventRecord & { data: string })[]).map((row) => ({
          ...row,
          data: JSON.parse(row.data) as unknown,
        })),
      ),
  };
}

function writeRest(
  position: number,
  options: AppendOptions,
  statements: { readonly release: StatementSync; readonly answer: StatementSync; readonly result: StatementSync },
): void {
  for (const entry of options.results ?? []) statements.result.run(...resultValues(entry));
  if (options.answers !== undefined) statements.answer.run(options.answers);
  if (options.release === true) statements.release.run(position);
}

function resultValues(entry: RepositoryResult): SQLInputValue[] {
  return [entry.repository, entry.runId, entry.job, entry.state, entry.endedAt];
}

function projectionValues({ state, reason, startedAt, endedAt, counts }: RunProjection): SQLInputValue[] {
  const { total, queued, running, succeeded, failed, cancelled, skipped } = counts;
  return [state, reason, startedAt, endedAt, total, queued, running, succeeded, failed, cancelled, skipped];
}

function rowValues(run: NewRun, row: RunProjection, runSeq: number, time: number): SQLInputValue[] {
  const key = run.idempotencyKey ?? null;
  return [run.id, run.workflow, run.revision, key, run.actor, time, ...projectionValues(row), run.owner.id, runSeq];
}

/** Another process has taken over the run: the fence of this owner is not the run's any more. */
export class StaleOwnerError extends MahavishnuError {
  constructor(runId: string) {
    super("RUN_OWNER_STALE", `another process has taken over run ${runId}`);
  }
}

/** The run's history is longer or shorter than its owner believes. */
export class RunSeqError extends MahavishnuError {
  constructor(runId: string, expected: number, found: number) {
    super("RUN_SEQUENCE", `run ${runId} has ${found} events, its owner expected ${expected}`);
  }
}
