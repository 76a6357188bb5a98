import { countedStates, forgottenKey } from "./objectives.ts";
import { isLive, type OwnerColumns, toOwner } from "./owner-row.ts";
import type { EndedRun, ExpiredRows, PurgedRun, PurgeStore } from "./purge-contract.ts";
import { overKeptMs } from "./session-register.ts";
import type { StoreParts } from "./store-parts.ts";
import { expiredKeptMs } from "./token-register.ts";
import { deliveryKeptMs } from "./webhooks.ts";

/**
 * Forgets runs and what has expired. A run goes in one transaction, with its row; `purged` then names what is left of it: a crash at any
 * moment leaves a run whole, or gone with a note of what is to be swept.
 */
export function createPurgeStore({
  db,
  commits,
  read,
  now,
}: StoreParts): Omit<PurgeStore, "listOldAudit" | "readAuditBase" | "dropAudit"> {
  // Only a purge asks, and nobody else is to wait until all this is compiled.
  let statements: ReturnType<typeof prepareAll> | undefined;
  const sql = (): ReturnType<typeof prepareAll> => (statements ??= prepareAll(db));
  /** Ids of owners whose word holds, as JSON. */
  const liveOwners = (): string => {
    const time = now();
    const rows = (sql().owners.all() as unknown as OwnerColumns[]).map(toOwner);
    return JSON.stringify(rows.filter((owner) => isLive(owner, time)).map(({ id }) => id));
  };

  return {
    listPurgeable: (afterPosition, limit) =>
      read(() => {
        const { upTo } = sql().lastOf.get(afterPosition, limit) as { upTo: number | null };
        const runs = upTo === null ? [] : sql().ended.all(afterPosition, upTo).map(toEnded);
        return { runs, upTo };
      }),

    sortRunIds: (ids) =>
      read(() => {
        const list = JSON.stringify(ids);
        const ended = sql().endedOf.all(list, liveOwners()).map(toEnded);
        const unknown = (sql().unknown.all(list) as { id: string }[]).map(({ id }) => id);
        return { ended, unknown };
      }),

    purgeRuns: (positions, { endedBefore, belowPosition, owedSince }) =>
      commits.run(() => {
        const { chosen, mark, note, forgetRun, forgetExtent, forgetRequests } = sql();
        const list = JSON.stringify(positions);
        const rows = chosen.all(list, endedBefore, belowPosition, liveOwners(), owedSince);
        const found = rows as unknown as (PurgedRun & { readonly tail: number })[];
        mark.run(forgottenKey, JSON.stringify(found.map(({ position }) => position)));
        return found.map(({ position, id, tail }) => {
          note.run(position, id, tail);
          forgetRun.run(position);
          forgetExtent.run(position);
          forgetRequests.run(position);
          return { position, id };
        });
      }),

    listPurged: (limit) =>
      read(() =>
        sql()
          .noted.all(limit)
          .map((row) => ({ ...row }) as unknown as PurgedRun),
      ),

    readPurgedPlan: (position) =>
      read(() => {
        const row = sql().first.get(position) as { data: string } | undefined;
        return row === undefined ? null : (JSON.parse(row.data) as unknown);
      }),

    purgeEvents: (positions, limit) =>
      commits.run(() => {
        const { tailOf, forgetEvent, moveTail, forgetNote } = sql();
        let removed = 0;
        for (const position of positions) {
          const row = tailOf.get(position) as { tail: number } | undefined;
          if (row === undefined) continue;
          let { tail } = row;
          // From the newest to the oldest: the rest is always a chain with an end.
          while (tail !== 0 && removed < limit) {
            tail = (forgetEvent.get(tail) as { before: number } | undefined)?.before ?? 0;
            removed += 1;
          }
          if (tail === 0) forgetNote.run(position);
          else moveTail.run(tail, position);
          if (removed >= limit) break;
        }
        return removed;
      }),

    countExpired: () =>
      read(() => {
        const time = now();
        const row = sql().countExpired.get(
          time - deliveryKeptMs,
          time,
          time - overKeptMs,
          time - overKeptMs,
          time - expiredKeptMs,
        );
        return { ...row } as unknown as ExpiredRows;
      }),

    purgeExpired: (limit) =>
      commits.run(() => {
        const { deliveries, receipts, sessions, tokens } = sql();
        const time = now();
        return {
          deliveries: Number(deliveries.run(time - deliveryKeptMs, limit).changes),
          receipts: Number(receipts.run(time, limit).changes),
          sessions: Number(sessions.run(time - overKeptMs, time - overKeptMs, limit).changes),
          tokens: Number(tokens.run(time - expiredKeptMs, limit).changes),
        };
      }),

    readFreeBytes: () =>
      read(() => {
        const pages = sql().freePages.get() as { freelist_count: number };
        const { page_size: size } = sql().pageSize.get() as { page_size: number };
        return pages.freelist_count * size;
      }),
  };
}

/** A run that is over keeps its owner only while it is retried, or when that was broken off. */
const isUnowned = (live: string): string =>
  `(run.owner_id IS NULL OR run.owner_id NOT IN (SELECT value FROM json_each(${live})))`;
const endedColumns = "position, id, state, ended_at AS endedAt, run_seq AS events";

function prepareAll(db: StoreParts["db"]) {
  return {
    owners: db.prepare("SELECT id, pid, start_time, boot_id, lease_until FROM owner"),
    lastOf: db.prepare(
      "SELECT max(position) AS upTo FROM (SELECT position FROM run WHERE position > ? ORDER BY position LIMIT ?)",
    ),
    ended: db.prepare(`
      SELECT ${endedColumns} FROM run
      WHERE position > ? AND position <= ? AND ended_at IS NOT NULL ORDER BY position`),
    endedOf: db.prepare(`
      SELECT ${endedColumns} FROM run
      WHERE id IN (SELECT value FROM json_each(?1)) AND ended_at IS NOT NULL AND ${isUnowned("?2")}`),
    unknown: db.prepare(`
      SELECT value AS id FROM json_each(?1)
      WHERE value NOT IN (SELECT id FROM run) AND value NOT IN (SELECT id FROM purged)`),
    // A run with the newest event stays: a number is never used twice, and the next one follows the greatest there is.
    chosen: db.prepare(`
      SELECT run.position, run.id, run.tail FROM run
      WHERE run.position IN (SELECT value FROM json_each(?1))
        AND run.ended_at IS NOT NULL AND run.ended_at < ?2 AND run.position < ?3
        AND run.state IN ('succeeded', 'partial', 'failed', 'cancelled')
        AND ${isUnowned("?4")}
        AND run.tail < (SELECT max(seq) FROM event)
        AND (run.ended_at < ?5 OR run.tail <= coalesce(
          (SELECT min(seq) FROM (SELECT seq FROM webhook_cursor UNION ALL SELECT seq FROM projection UNION ALL SELECT seq FROM alert_book)), run.tail))
      ORDER BY run.position`),
    note: db.prepare("INSERT INTO purged(position, id, tail) VALUES(?, ?, ?)"),
    mark: db.prepare(`
        INSERT INTO meta(key, value) SELECT ?1, max(ended_at) FROM run
          WHERE position IN (SELECT value FROM json_each(?2)) AND ${countedStates} AND workflow NOT GLOB 'mahavishnu/*'
          HAVING max(ended_at) IS NOT NULL
        ON CONFLICT(key) DO UPDATE SET value = max(CAST(value AS INTEGER), CAST(excluded.value AS INTEGER))`),
    forgetRun: db.prepare("DELETE FROM run WHERE position = ?"),
    forgetExtent: db.prepare("DELETE FROM run_extent WHERE run = ?"),
    forgetRequests: db.prepare("DELETE FROM request WHERE run = ?"),
    noted: db.prepare("SELECT position, id FROM purged ORDER BY position LIMIT ?"),
    first: db.prepare(`
      WITH RECURSIVE chain(seq, before) AS (
        SELECT event.seq, event.before FROM purged JOIN event ON event.seq = purged.tail WHERE purged.position = ?1
        UNION ALL
        SELECT event.seq, event.before FROM chain JOIN event ON event.seq = chain.before
      )
      SELECT event.data FROM chain CROSS JOIN event ON event.seq = chain.seq WHERE event.run_seq = 1`),
    tailOf: db.prepare("SELECT tail FROM purged WHERE position = ?"),
    forgetEvent: db.prepare("DELETE FROM event WHERE seq = ? RETURNING before"),
    moveTail: db.prepare("UPDATE purged SET tail = ? WHERE position = ?"),
    forgetNote: db.prepare("DELETE FROM purged WHERE position = ?"),
    countExpired: db.prepare(`
      SELECT (SELECT count(*) FROM webhook_delivery WHERE ended_at < ?) AS deliveries,
        (SELECT count(*) FROM webhook_receipt WHERE kept_until < ?) AS receipts,
        (SELECT count(*) FROM session WHERE expires_at < ? OR ended_at < ?) AS sessions,
        (SELECT count(*) FROM token WHERE expires_at < ?) AS tokens`),
    deliveries: db.prepare(`
      DELETE FROM webhook_delivery WHERE position IN (
        SELECT position FROM webhook_delivery WHERE ended_at < ? LIMIT ?)`),
    receipts: db.prepare(`
      DELETE FROM webhook_receipt WHERE (hook, id) IN (
        SELECT hook, id FROM webhook_receipt WHERE kept_until < ? LIMIT ?)`),
    sessions: db.prepare(`
      DELETE FROM session WHERE position IN (
        SELECT position FROM session WHERE expires_at < ? OR ended_at < ? LIMIT ?)`),
    tokens: db.prepare("DELETE FROM token WHERE position IN (SELECT position FROM token WHERE expires_at < ? LIMIT ?)"),
    freePages: db.prepare("PRAGMA freelist_count"),
    pageSize: db.prepare("PRAGMA page_size"),
  };
}

function toEnded(row: object): EndedRun {
  return { ...row } as unknown as EndedRun;
}
