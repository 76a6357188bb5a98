import { isLive, type OwnerColumns, toOwner } from "./owner-row.ts";
import type { JournalFact, Projection, ProjectionStore } from "./projection-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** Of so many that wait the one is found that has waited the longest: runs that are tried again wait at their old place. */
const oldestLookedAt = 20;
/** Events between the end of a run that waits and what made it wait, at most. */
const chainLookedAt = 100;

/** The part of the store that keeps what is counted, and that tells what is going on. */
export function createProjectionStore(
  { db, commits, read, now }: StoreParts,
  deadOwners: () => readonly string[],
): ProjectionStore {
  // Servers alone ask.
  let statements: ReturnType<typeof prepareAll> | undefined;
  const sql = (): ReturnType<typeof prepareAll> => (statements ??= prepareAll(db));

  return {
    readProjection: (name) => read(() => (sql().one.get(name) as Projection | undefined) ?? null),

    saveProjection: (name, from, { seq, body }) =>
      commits.run(() => {
        const { changes } = from === null ? sql().add.run(name, seq, body) : sql().move.run(seq, body, name, from);
        return changes > 0;
      }),

    readFacts: (afterSeq, types, limit) =>
      read(() => {
        const { lastOf, facts } = sql();
        const { upTo } = lastOf.get(afterSeq, limit) as { upTo: number | null };
        if (upTo === null) return { facts: [], upTo: afterSeq };
        return { facts: facts.all(afterSeq, upTo, JSON.stringify(types)) as unknown as JournalFact[], upTo };
      }),

    findRuns: (runIds) =>
      read(() => new Set((sql().present.all(JSON.stringify(runIds)) as { id: string }[]).map(({ id }) => id))),

    readWorkload: () =>
      read(() => {
        const { owned, unowned, waiting, goingOn, slots } = sql();
        const dead = JSON.stringify(deadOwners());
        const active: Record<string, number> = {};
        for (const { state, runs } of [...owned.all(dead), ...unowned.all()] as unknown as StateCount[]) {
          active[state] = (active[state] ?? 0) + runs;
        }
        const { since } = waiting.get() as { since: number | null };
        const time = now();
        const sum = (rows: readonly unknown[]): number =>
          (rows as (OwnerColumns & { slots: number })[])
            .filter((row) => isLive(toOwner(row), time))
            .reduce((total, row) => total + row.slots, 0);
        return { active, oldestQueuedAt: since, runSlots: sum(goingOn.all()), stepSlots: sum(slots.all()) };
      }),
  };
}

interface StateCount {
  readonly state: string;
  readonly runs: number;
}

function prepareAll(db: StoreParts["db"]) {
  const owners = "owner.id, owner.pid, owner.start_time, owner.boot_id, owner.lease_until";
  return {
    one: db.prepare("SELECT seq, body FROM projection WHERE name = ?"),
    add: db.prepare("INSERT OR IGNORE INTO projection(name, seq, body) VALUES(?, ?, ?)"),
    move: db.prepare("UPDATE projection SET seq = ?, body = ? WHERE name = ? AND seq = ?"),
    lastOf: db.prepare("SELECT max(seq) AS upTo FROM (SELECT seq FROM event WHERE seq > ? ORDER BY seq LIMIT ?)"),
    facts: db.prepare(`
      SELECT event.seq, run.id AS runId, run.workflow, run.created_at AS createdAt, event.type, event.time,
        json_extract(event.data, '$.state') AS state, json_extract(event.data, '$.failure') AS failure
      FROM event JOIN run ON run.position = event.run
      WHERE event.seq > ? AND event.seq <= ? AND event.type IN (SELECT value FROM json_each(?)) ORDER BY event.seq`),
    present: db.prepare("SELECT run.id FROM json_each(?) AS wanted JOIN run ON run.id = wanted.value"),
    // From the partial indexes alone. What waits does so whether its process lives or not: a server takes it over.
    owned: db.prepare(`
      SELECT iif(state <> 'queued' AND owner_id IN (SELECT value FROM json_each(?)), 'interrupted', state) AS state, count(*) AS runs
      FROM run INDEXED BY run_owned WHERE ended_at IS NULL AND owner_id IS NOT NULL GROUP BY 1`),
    unowned: db.prepare(`
      SELECT iif(state = 'queued', 'queued', 'interrupted') AS state, count(*) AS runs
      FROM run INDEXED BY run_unowned WHERE ended_at IS NULL AND owner_id IS NULL GROUP BY 1`),
    // A run that is tried again has waited since then, and its place is an old one.
    waiting: db.prepare(`
      SELECT min((
        WITH RECURSIVE chain(seq, steps) AS (
          SELECT run.tail, 1
          UNION ALL
          SELECT event.before, steps + 1 FROM chain JOIN event ON event.seq = chain.seq
          WHERE event.type NOT IN ('run.created', 'run.retried') AND event.before > 0 AND steps < ${chainLookedAt}
        )
        SELECT event.time FROM chain JOIN event ON event.seq = chain.seq ORDER BY chain.steps DESC LIMIT 1
      )) AS since
      FROM (
        SELECT * FROM (
          SELECT position, tail FROM run INDEXED BY run_owned
          WHERE ended_at IS NULL AND owner_id IS NOT NULL AND state = 'queued' ORDER BY position LIMIT ${oldestLookedAt})
        UNION ALL
        SELECT * FROM (
          SELECT position, tail FROM run INDEXED BY run_unowned
          WHERE ended_at IS NULL AND owner_id IS NULL AND state = 'queued' ORDER BY position LIMIT ${oldestLookedAt})
      ) AS run`),
    goingOn: db.prepare(`
      SELECT ${owners}, count(*) AS slots FROM run JOIN owner ON owner.id = run.owner_id
      WHERE run.ended_at IS NULL AND run.owner_id IS NOT NULL AND run.state IN ('running', 'cancelling') GROUP BY owner.id`),
    slots: db.prepare(`SELECT ${owners}, step_slots AS slots FROM owner WHERE step_slots > 0`),
  };
}
