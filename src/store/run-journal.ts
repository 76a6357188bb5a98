import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { Admission } from "./admission.ts";
import type { AppendOptions, CreatedRun, NewEvent, RunJournal, RunProjection } from "./contract.ts";
import { createEventChain } from "./event-chain.ts";
import type { StoreParts } from "./store-parts.ts";

/** The journal: events and the row that follows from them are written in one transaction, by the run's owner only. */
export function createRunJournal(parts: StoreParts, admission: Admission): RunJournal {
  const { db, commits, read } = parts;
  const insertRun = db.prepare(`
    INSERT INTO run(id, workflow, revision, idempotency_key, actor, created_at, state, reason, started_at, ended_at,
      total, queued, running, succeeded, failed, cancelled, skipped, owner_id, fence, run_seq, tail, detached)
    VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const insertExtent = db.prepare("INSERT INTO run_extent(run, repositories, jobs) VALUES(?, ?, ?)");
  const byKey = db.prepare("SELECT id, fence, position FROM run WHERE idempotency_key = ?");
  const selectRun = db.prepare("SELECT position, fence, run_seq AS runSeq, tail, owner_id FROM run WHERE id = ?");
  // The id, the fence and the sequence number are checked by the same statement that moves the run on: one row is written, or none.
  const checked = "position = ?3 AND fence = ?4 AND run_seq = ?5 AND id = ?6 AND owner_id IS NOT NULL";
  const advance = db.prepare(`UPDATE run SET run_seq = ?1, tail = ?2 WHERE ${checked}`);
  const project = db.prepare(`
    UPDATE run SET run_seq = ?1, tail = ?2, owner_id = iif(?7, NULL, owner_id), state = ?8, reason = ?9, started_at = ?10, ended_at = ?11,
      total = ?12, queued = ?13, running = ?14, succeeded = ?15, failed = ?16, cancelled = ?17, skipped = ?18
    WHERE ${checked}`);
  const release = db.prepare("UPDATE run SET owner_id = NULL WHERE position = ?");
  const answer = db.prepare("DELETE FROM request WHERE id = ?");
  const result = db.prepare(`
    INSERT INTO repository_result(repository, run_id, job, state, ended_at) VALUES(?, ?, ?, ?, ?)
    ON CONFLICT(repository) DO UPDATE SET
      run_id = excluded.run_id, job = excluded.job, state = excluded.state, ended_at = excluded.ended_at`);
  const chain = createEventChain(parts);

  /** Where the runs stand that this process writes to. */
  const places = new Map<string, RunPlace>();
  // A position that was not written is given to the next run.
  commits.onUndone(() => places.clear());
  /**
   * What this process wrote last under the same fence is still the end of the run's history, provided that its number is the expected
   * one; otherwise the row is asked. Whether it holds is checked once more as the row is moved on.
   */
  const placeOf = (runId: string, fence: number, runSeq: number): RunPlace => {
    const known = places.get(runId);
    if (known !== undefined && known.fence === fence && known.runSeq === runSeq) return known;
    const row = selectRun.get(runId) as RunPlace | undefined;
    if (row === undefined) throw new MahavishnuError("RUN_SEQUENCE", `there is no run ${runId}`);
    return row;
  };

  const projectRow = (place: PlaceValues, row: RunProjection, isReleased: boolean): number | bigint => {
    admission.changed();
    const { state, reason, startedAt, endedAt, counts } = row;
    const { total, queued, running, succeeded, failed, cancelled, skipped } = counts;
    return project.run(
      ...place,
      isReleased ? 1 : 0,
      state,
      reason,
      startedAt,
      endedAt,
      total,
      queued,
      running,
      succeeded,
      failed,
      cancelled,
      skipped,
    ).changes;
  };

  const explainRefusal = (runId: string, { fence, expectedRunSeq }: AppendOptions): Error => {
    const row = selectRun.get(runId) as (RunPlace & { owner_id: string | null }) | undefined;
    places.delete(runId);
    if (row === undefined || row.fence !== fence || row.owner_id === null) return new StaleOwnerError(runId);
    return new RunSeqError(runId, expectedRunSeq, row.runSeq);
  };

  return {
    createRun: (run) => {
      const { events, start } = run;
      const texts = writeTexts(start === null ? events : [...events, start.event]);
      if (texts instanceof Error) return Promise.reject(texts);
      const [repositories, jobs] = [JSON.stringify(run.extent.repositories), JSON.stringify(run.extent.jobs)];
      return commits.run((): CreatedRun => {
        const known =
          run.idempotencyKey === undefined ? undefined : (byKey.get(run.idempotencyKey) as KnownRun | undefined);
        if (known !== undefined) {
          return { runId: known.id, created: false, started: false, fence: known.fence, position: known.position };
        }
        crashPoint("store.createRun");
        const begun = start !== null && admission.admitNew(start.admitBelow) ? start : null;
        const written = begun === null ? events : [...events, begun.event];
        const first = chain.takeSeqs(written.length);
        const tail = first + written.length - 1;
        const fence = run.owner === null ? 0 : 1;
        const { state, reason, startedAt, endedAt, counts } = (begun ?? run).row;
        const { total, queued, running, succeeded, failed, cancelled, skipped } = counts;
        const { lastInsertRowid } = insertRun.run(
          run.id,
          run.workflow,
          run.revision,
          run.idempotencyKey ?? null,
          run.actor,
          events[0]?.time ?? parts.now(),
          state,
          reason,
          startedAt,
          endedAt,
          total,
          queued,
          running,
          succeeded,
          failed,
          cancelled,
          skipped,
          run.owner?.id ?? null,
          fence,
          written.length,
          tail,
          run.owner === null ? 1 : 0,
        );
        const position = Number(lastInsertRowid);
        insertExtent.run(position, repositories, jobs);
        if (run.owner !== null) places.set(run.id, { position, fence, runSeq: written.length, tail });
        chain.write({ run: position, runSeq: 0, tail: 0 }, first, written, texts);
        return { runId: run.id, created: true, started: begun !== null, fence, position };
      }, run.early);
    },

    append: (runId, events, options) => {
      const texts = writeTexts(events);
      if (texts instanceof Error) return Promise.reject(texts);
      return commits.run(() => {
        const { expectedRunSeq, fence, row, admitBelow } = options;
        const { position, tail } = placeOf(runId, fence, expectedRunSeq);
        if (admitBelow !== undefined && !admission.admitWaiting(position, admitBelow)) return false;
        const first = events.length === 0 ? 0 : chain.takeSeqs(events.length);
        const last = events.length === 0 ? tail : first + events.length - 1;
        const runSeq = expectedRunSeq + events.length;
        const isReleased = options.release === true;
        const place: PlaceValues = [runSeq, last, position, fence, expectedRunSeq, runId];
        const changes = row === undefined ? advance.run(...place).changes : projectRow(place, row, isReleased);
        if (changes === 0) throw explainRefusal(runId, options);
        if (isReleased) places.delete(runId);
        else places.set(runId, { position, fence, runSeq, tail: last });
        chain.write({ run: position, runSeq: expectedRunSeq, tail }, first, events, texts);
        if (options.results !== undefined) {
          for (const { repository, job, state, endedAt } of options.results)
            result.run(repository, runId, job, state, endedAt);
        }
        if (options.answers !== undefined) answer.run(options.answers);
        if (isReleased && row === undefined) release.run(position);
        return true;
      });
    },

    readEvents: (runId, afterRunSeq = 0) => read(() => chain.read(runId, afterRunSeq)),
  };
}

/** Data as JSON, made before the transaction: what cannot be said in JSON must not undo the work of others. */
function writeTexts(events: readonly NewEvent[]): string[] | Error {
  try {
    return events.map((event) => JSON.stringify(event.data));
  } catch (error) {
    return error as Error;
  }
}

/** The new number of events and the new tail; then position, fence, the number of events and the id that must be there. */
type PlaceValues = [
  runSeq: number,
  tail: number,
  position: number,
  fence: number,
  expectedRunSeq: number,
  runId: string,
];

/** Where a run's history ends. */
interface RunPlace {
  readonly position: number;
  readonly fence: number;
  readonly runSeq: number;
  /** The seq of its last event. */
  readonly tail: number;
}

interface KnownRun {
  readonly id: string;
  readonly fence: number;
  readonly position: number;
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
