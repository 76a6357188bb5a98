import type { SQLInputValue } from "node:sqlite";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { createAdmission } from "./admission.ts";
import type { AppendOptions, CreatedRun, NewRun, RunJournal, RunProjection } from "./contract.ts";
import { createEventChain } from "./event-chain.ts";
import type { StoreParts } from "./store-parts.ts";

/** The journal: events and the row that follows from them are written in one transaction, by the run's owner only. */
export function createRunJournal(parts: StoreParts): RunJournal {
  const { db, commits, read, now } = parts;
  const insertRun = db.prepare(`
    INSERT INTO run(id, workflow, revision, idempotency_key, actor, created_at, state, reason, started_at, ended_at,
      total, queued, running, succeeded, failed, cancelled, skipped, owner_id, fence, run_seq, tail, tail_before)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, 0)`);
  const byKey = db.prepare("SELECT id, fence, position FROM run WHERE idempotency_key = ?");
  const selectRun = db.prepare("SELECT position, fence, run_seq, owner_id FROM run WHERE id = ?");
  // The fence and the sequence number are checked by the same statement that moves the run on: one row is written, or none.
  const moved = "run_seq = ?1, tail_before = tail, tail = iif(?2 = 0, tail, ?2)";
  const checked = "position = ?3 AND fence = ?4 AND run_seq = ?5 AND owner_id IS NOT NULL RETURNING tail_before";
  const advance = db.prepare(`UPDATE run SET ${moved} WHERE ${checked}`);
  const project = db.prepare(`
    UPDATE run SET ${moved}, owner_id = iif(?6, NULL, owner_id), state = ?7, reason = ?8, started_at = ?9, ended_at = ?10,
      total = ?11, queued = ?12, running = ?13, succeeded = ?14, failed = ?15, cancelled = ?16, skipped = ?17
    WHERE ${checked}`);
  const release = db.prepare("UPDATE run SET owner_id = NULL WHERE position = ?");
  const answer = db.prepare("DELETE FROM request WHERE id = ?");
  const result = db.prepare(`
    INSERT INTO repository_result(repository, run_id, job, state, ended_at) VALUES(?, ?, ?, ?, ?)
    ON CONFLICT(repository) DO UPDATE SET
      run_id = excluded.run_id, job = excluded.job, state = excluded.state, ended_at = excluded.ended_at`);
  const admits = createAdmission(parts);
  const chain = createEventChain(parts);

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
      // What cannot be said in JSON is found before the transaction: it must not undo the work of others.
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
        const first = chain.takeSeqs(written.length);
        const row = rowValues(run, started ? start.row : run.row, now());
        row.push(written.length, first + written.length - 1);
        const position = Number(insertRun.run(...row).lastInsertRowid);
        positions.set(run.id, position);
        chain.write({ run: position, runSeq: 0, tail: 0 }, first, written, texts);
        return { runId: run.id, created: true, started, fence: 1, position };
      }, run.early);
    },

    append: async (runId, events, options) => {
      const texts = events.map((event) => JSON.stringify(event.data));
      return await commits.run(() => {
        const run = positionOf(runId);
        const { expectedRunSeq: runSeq, fence, row, admitBelow } = options;
        if (admitBelow !== undefined && !admits(run, admitBelow)) return false;
        const first = events.length === 0 ? 0 : chain.takeSeqs(events.length);
        const last = events.length === 0 ? 0 : first + events.length - 1;
        const length = runSeq + events.length;
        const isReleased = options.release === true;
        const found =
          row === undefined
            ? advance.get(length, last, run, fence, runSeq)
            : project.get(length, last, run, fence, runSeq, isReleased ? 1 : 0, ...projectionValues(row));
        if (found === undefined) throw explainRefusal(runId, options);
        chain.write({ run, runSeq, tail: (found as { tail_before: number }).tail_before }, first, events, texts);
        if (options.results !== undefined) {
          for (const { repository, job, state, endedAt } of options.results)
            result.run(repository, runId, job, state, endedAt);
        }
        if (options.answers !== undefined) answer.run(options.answers);
        if (isReleased) positions.delete(runId);
        if (isReleased && row === undefined) release.run(run);
        return true;
      });
    },

    readEvents: (runId, afterRunSeq = 0) => read(() => chain.read(runId, afterRunSeq)),
  };
}

interface KnownRun {
  readonly id: string;
  readonly fence: number;
  readonly position: number;
}

function projectionValues({ state, reason, startedAt, endedAt, counts }: RunProjection): SQLInputValue[] {
  const { total, queued, running, succeeded, failed, cancelled, skipped } = counts;
  return [state, reason, startedAt, endedAt, total, queued, running, succeeded, failed, cancelled, skipped];
}

function rowValues(run: NewRun, row: RunProjection, time: number): SQLInputValue[] {
  const key = run.idempotencyKey ?? null;
  return [run.id, run.workflow, run.revision, key, run.actor, time, ...projectionValues(row), run.owner.id];
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
