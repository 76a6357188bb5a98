import type { SQLInputValue } from "node:sqlite";
import type { StoreParts } from "./store-parts.ts";
import type { DeliveryRow, JournalEntry, WebhookStore } from "./webhook-contract.ts";

/** Deliveries that are over are forgotten after this time. */
export const deliveryKeptMs = 30 * 86_400_000;

const columns = `position, id, hook, type, run_id AS runId, body, created_at AS createdAt, state, attempts, due_at AS dueAt, status,
  error, attempted_at AS attemptedAt, ended_at AS endedAt`;

/** The part of the store that knows what webhooks were told and what they are to be told. */
export function createWebhookStore({ db, commits, read, now }: StoreParts): WebhookStore {
  // Only servers with webhooks ask, and nobody else is to wait until all this is compiled.
  let statements: ReturnType<typeof prepareAll> | undefined;
  const sql = (): ReturnType<typeof prepareAll> => (statements ??= prepareAll(db));

  return {
    admitMessage: ({ hook, id, sentAt, keptUntil, runKey }) =>
      commits.run(() => {
        const { forgetReceipts, receipt, runOfKey, keepReceipt } = sql();
        forgetReceipts.run(now());
        const known = receipt.get(hook, id) as { sentAt: number | null } | undefined;
        const hasRun = runOfKey.get(runKey) !== undefined;
        const isNewer = sentAt !== null && (known === undefined || known.sentAt === null || sentAt > known.sentAt);
        if (hasRun && !isNewer) return "replayed";
        keepReceipt.run(hook, id, sentAt, keptUntil);
        return known === undefined && !hasRun ? "first" : "again";
      }),

    startCursor: (hook) =>
      commits.run(() => {
        sql().startCursor.run(hook);
        return (sql().cursor.get(hook) as { seq: number }).seq;
      }),

    readJournal: (afterSeq, types, limit) =>
      read(() => {
        const { lastOf, journal } = sql();
        const { upTo } = lastOf.get(afterSeq, limit) as { upTo: number | null };
        if (upTo === null) return { entries: [], upTo: afterSeq };
        const rows = journal.all(afterSeq, upTo, JSON.stringify(types));
        return { entries: rows.map((row) => ({ ...row }) as unknown as JournalEntry), upTo };
      }),

    advanceCursor: (hook, from, upTo, deliveries) =>
      commits.run(() => {
        const { moveCursor, insert, forgetDeliveries } = sql();
        if (moveCursor.run(upTo, hook, from).changes === 0) return false;
        const time = now();
        for (const { id, type, runId, body } of deliveries)
          insert.run(id, hook, type, runId, body, time, 0, time, null, null);
        forgetDeliveries.run(time - deliveryKeptMs);
        return true;
      }),

    addDelivery: ({ id, hook, type, runId, body }, claimed) =>
      commits.run(() => {
        const time = now();
        const { claim = null, until = time } = claimed ?? {};
        const attempts = claimed === undefined ? 0 : 1;
        const attemptedAt = claimed === undefined ? null : time;
        sql().insert.run(id, hook, type, runId, body, time, attempts, until, claim, attemptedAt);
      }),

    claimDeliveries: (hook, { claim, until }, limit) =>
      commits.run(() => {
        const time = now();
        const rows = sql().claimDue.all(claim, until, time, hook, time, limit).map(toRow);
        return rows.toSorted((a, b) => a.position - b.position);
      }),

    settleDelivery: (id, claim, { state, dueAt, status, error }) =>
      commits.run(() => {
        const endedAt = state === "pending" ? null : now();
        return sql().settle.run(state, dueAt, status, error, endedAt, id, claim).changes > 0;
      }),

    nextDeliveryAt: (hook) => read(() => (sql().nextDue.get(hook) as { dueAt: number | null }).dueAt),

    getDelivery: (id) =>
      read(() => {
        const row = sql().one.get(id);
        return row === undefined ? null : toRow(row);
      }),

    listDeliveries: ({ hook, state, beforePosition, limit }) =>
      read(() => {
        const terms: readonly (readonly [term: string, value: SQLInputValue | undefined])[] = [
          ["hook = ?", hook],
          ["state = ?", state],
          ["position < ?", beforePosition],
        ];
        const given = terms.filter(([, value]) => value !== undefined);
        // What alerts tell their channels is sent in the same way, and is not a webhook's.
        const conditions = [
          ...(hook === undefined ? ["hook NOT LIKE 'channel:%'"] : []),
          ...given.map(([term]) => term),
        ];
        const values = given.flatMap(([, value]) => value ?? []);
        return db
          .prepare(
            `SELECT ${columns} FROM webhook_delivery WHERE ${conditions.join(" AND ")} ORDER BY position DESC LIMIT ?`,
          )
          .all(...values, limit)
          .map(toRow);
      }),

    reviveDelivery: (id) => commits.run(() => sql().revive.run(now(), id).changes > 0),
  };
}

function prepareAll(db: StoreParts["db"]) {
  return {
    forgetReceipts: db.prepare("DELETE FROM webhook_receipt WHERE kept_until < ?"),
    receipt: db.prepare("SELECT sent_at AS sentAt FROM webhook_receipt WHERE hook = ? AND id = ?"),
    runOfKey: db.prepare("SELECT 1 FROM run WHERE idempotency_key = ?"),
    keepReceipt: db.prepare(`
      INSERT INTO webhook_receipt(hook, id, sent_at, kept_until) VALUES(?, ?, ?, ?)
      ON CONFLICT(hook, id) DO UPDATE SET
        sent_at = max(coalesce(sent_at, excluded.sent_at), coalesce(excluded.sent_at, sent_at)),
        kept_until = max(kept_until, excluded.kept_until)`),
    startCursor: db.prepare(
      "INSERT OR IGNORE INTO webhook_cursor(hook, seq) SELECT ?, coalesce(max(seq), 0) FROM event",
    ),
    cursor: db.prepare("SELECT seq FROM webhook_cursor WHERE hook = ?"),
    moveCursor: db.prepare("UPDATE webhook_cursor SET seq = ? WHERE hook = ? AND seq = ?"),
    lastOf: db.prepare("SELECT max(seq) AS upTo FROM (SELECT seq FROM event WHERE seq > ? ORDER BY seq LIMIT ?)"),
    journal: db.prepare(`
      SELECT event.seq, run.id AS runId, event.type, event.time, event.actor, event.reason,
        iif(event.type = 'run.finished', event.data, '{}') AS data
      FROM event JOIN run ON run.position = event.run
      WHERE event.seq > ? AND event.seq <= ? AND event.type IN (SELECT value FROM json_each(?)) ORDER BY event.seq`),
    insert: db.prepare(`
      INSERT OR IGNORE INTO webhook_delivery(id, hook, type, run_id, body, created_at, state, attempts, due_at, claim, attempted_at)
      VALUES(?, ?, ?, ?, ?, ?, 'pending', ?, ?, ?, ?)`),
    claimDue: db.prepare(`
      UPDATE webhook_delivery SET claim = ?, due_at = ?, attempts = attempts + 1, attempted_at = ?
      WHERE position IN (
        SELECT position FROM webhook_delivery WHERE state = 'pending' AND hook = ? AND due_at <= ? ORDER BY due_at LIMIT ?)
      RETURNING ${columns}`),
    settle: db.prepare(`
      UPDATE webhook_delivery SET state = ?, due_at = ?, status = ?, error = ?, ended_at = ?, claim = NULL
      WHERE id = ? AND claim = ?`),
    nextDue: db.prepare("SELECT min(due_at) AS dueAt FROM webhook_delivery WHERE state = 'pending' AND hook = ?"),
    one: db.prepare(`SELECT ${columns} FROM webhook_delivery WHERE id = ?`),
    revive: db.prepare(`
      UPDATE webhook_delivery SET state = 'pending', attempts = 0, due_at = ?, ended_at = NULL, claim = NULL
      WHERE id = ?`),
    forgetDeliveries: db.prepare("DELETE FROM webhook_delivery WHERE ended_at < ?"),
  };
}

function toRow(row: object): DeliveryRow {
  return { ...row } as unknown as DeliveryRow;
}
