import type { SQLInputValue, StatementSync } from "node:sqlite";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { createAdmission } from "./admission.ts";
import type {
  AppendOptions,
  CreatedRun,
  EventRecord,
  NewEvent,
  NewRun,
  RepositoryResult,
  RunJournal,
  RunProjection,
} from "./contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** The journal: events and the row that follows from them are written in one transaction, by the run's owner only. */
export function createRunJournal(parts: StoreParts): RunJournal {
  const { db, commits, read, now } = parts;
  const insertRun = db.prepare(`
    INSERT INTO run(id, workflow, revision, idempotency_key, actor, created_at, state, reason, started_at, ended_at,
      total, queued, running, succeeded, failed, cancelled, skipped, owner_id, fence, run_seq)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`);
  const byKey = db.prepare("SELECT id, fence, position FROM run WHERE idempotency_key = ?");
  const insertEvent = db.prepare(
    "INSERT INTO event(run, run_seq, type, v, time, actor, reason, data) VALUES(?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const selectRun = db.prepare("SELECT position, fence, run_seq, owner_id FROM run WHERE id = ?");
  // The fence and the sequence number are checked by the same statement that moves the run on: one row is written, or none.
  const advance = db.prepare(
    "UPDATE run SET run_seq = ? WHERE position = ? AND fence = ? AND run_seq = ? AND owner_id IS NOT NULL",
  );
  const project = db.prepare(`
    UPDATE run SET run_seq = ?, state = ?, reason = ?, started_at = ?, ended_at = ?,
      total = ?, queued = ?, running = ?, succeeded = ?, failed = ?, cancelled = ?, skipped = ?
    WHERE position = ? AND fence = ? AND run_seq = ? AND owner_id IS NOT NULL`);
  const rest = prepareRest(parts);
  const admits = createAdmission(parts);
  const selectEvents = db.prepare(`
    SELECT event.seq, run.id AS runId, event.run_seq AS runSeq, type, v, time, event.actor, event.reason, data
    FROM event JOIN run ON run.position = event.run WHERE run.id = ? AND event.run_seq > ? ORDER BY event.run_seq`);

  /** `texts` are the events' data as JSON, made before the transaction: what cannot be said in JSON must not undo others' work. */
  const writeEvents = (
    position: number,
    runSeq: number,
    events: readonly NewEvent[],
    texts: readonly string[],
  ): void => {
    for (let index = 0; index < events.length; index += 1) {
      const { type, v, time, actor, reason } = events[index] as NewEvent;
      insertEvent.run(position, runSeq + index + 1, type, v, time, actor, reason, texts[index] as string);
    }
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
    const row = selectRun.get(runId) as { fence: number; run_seq: number; owner_id: string | null } | undefined;
    positions.delete(runId);
    if (row === undefined || row.fence !== fence || row.owner_id === null) return new StaleOwnerError(runId);
    return new RunSeqError(runId, expectedRunSeq, row.run_seq);
  };

  return {
    createRun: async (run) => {
      const { events, start } = run;
      const texts = [...events, start.event].map((event) => JSON.stringify(event.data));
      return await commits.run((): CreatedRun => {
        const known =
          run.idempotencyKey === undefined ? undefined : (byKey.get(run.idempotencyKey) as KnownRun | undefined);
        if (known !== undefined) {
          return { runId: known.id, created: false, started: false, fence: known.fence, position: known.position };
        }
        crashPoint("store.createRun");
        const started = admits(Number.MAX_SAFE_INTEGER, start.admitBelow);
        const written = started ? [...events, start.event] : events;
        const values = rowValues(run, started ? start.row : run.row, written.length, now());
        const position = Number(insertRun.run(...values).lastInsertRowid);
        positions.set(run.id, position);
        writeEvents(position, 0, written, texts);
        return { runId: run.id, created: true, started, fence: 1, position };
      }, run.early);
    },

    append: async (runId, events, options) => {
      const texts = events.map((event) => JSON.stringify(event.data));
      return await commits.run(() => {
        const position = positionOf(runId);
        const { expectedRunSeq, fence, row, admitBelow } = options;
        if (admitBelow !== undefined && !admits(position, admitBelow)) return false;
        const runSeq = expectedRunSeq + events.length;
        const moved =
          row === undefined
            ? advance.run(runSeq, position, fence, expectedRunSeq)
            : project.run(runSeq, ...projectionValues(row), position, fence, expectedRunSeq);
        if (moved.changes === 0) throw explainRefusal(runId, options);
        writeEvents(position, expectedRunSeq, events, texts);
        writeRest(position, options, rest);
        if (options.release === true) positions.delete(runId);
        return true;
      });
    },

    readEvents: (runId, afterRunSeq = 0) =>
      read(() =>
        (selectEvents.all(runId, afterRunSeq) as unknown as (EventRecord & { data: string })[]).map((row) => ({
          ...row,
          data: JSON.parse(row.data) as unknown,
        })),
      ),
  };
}

interface KnownRun {
  readonly id: string;
  readonly fence: number;
  readonly position: number;
}

type RestStatements = Readonly<Record<"release" | "answer" | "answerAll" | "result", StatementSync>>;

function prepareRest({ db }: StoreParts): RestStatements {
  return {
    release: db.prepare("UPDATE run SET owner_id = NULL WHERE position = ?"),
    answer: db.prepare("DELETE FROM request WHERE id = ?"),
    answerAll: db.prepare("DELETE FROM request WHERE run = ?"),
    result: db.prepare(`
      INSERT INTO repository_result(repository, run_id, job, state, ended_at) VALUES(?, ?, ?, ?, ?)
      ON CONFLICT(repository) DO UPDATE SET
        run_id = excluded.run_id, job = excluded.job, state = excluded.state, ended_at = excluded.ended_at`),
  };
}

function writeRest(position: number, options: AppendOptions, statements: RestStatements): void {
  for (const entry of options.results ?? []) statements.result.run(...resultValues(entry));
  if (options.answers !== undefined) statements.answer.run(options.answers);
  if (options.row !== undefined && options.row.endedAt !== null) statements.answerAll.run(position);
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
