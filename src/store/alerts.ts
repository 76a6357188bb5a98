import type { AlertBook, AlertRow, AlertStore, EndedRuns, RuleRow, SilenceRow, WaitingRuns } from "./alert-contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** Alerts that are over are forgotten after this time. */
export const alertKeptMs = 30 * 86_400_000;

/** The part of the store that knows which alerts there are. Alerts and rules are kept whole, as JSON: nobody asks for a part of one. */
export function createAlertStore({ db, commits, read, now }: StoreParts): AlertStore {
  // Only servers with alerts ask, and nobody else is to wait until all this is compiled.
  let statements: ReturnType<typeof prepareAll> | undefined;
  const sql = (): ReturnType<typeof prepareAll> => (statements ??= prepareAll(db));

  const readBook = (): AlertBook | null => {
    const { book, alerts, rules, silences } = sql();
    const head = book.get() as { version: number; seq: number } | undefined;
    if (head === undefined) return null;
    return {
      ...head,
      alerts: alerts.all().map((row) => bodyOf(row) as AlertRow),
      rules: rules.all().map((row) => bodyOf(row) as RuleRow),
      silences: silences.all(now()).map(toSilence),
    };
  };
  const listed = (workflows: readonly string[]): string => JSON.stringify(workflows);

  return {
    alertVersion: () => read(() => (sql().book.get() as { version: number } | undefined)?.version ?? -1),

    readAlerts: () => read(readBook),

    openAlerts: () =>
      commits.run(() => {
        sql().begin.run();
        return readBook() as AlertBook;
      }),

    writeAlerts: (version, { seq, alerts, rules, forgotten, messages }) =>
      commits.run(() => {
        const { move, putAlert, putRule, forgetRule, forgetAlerts, message } = sql();
        if (move.run(seq, version).changes === 0) return false;
        const time = now();
        for (const alert of alerts) putAlert.run(alert.fingerprint, alert.rule, alert.endedAt, JSON.stringify(alert));
        for (const rule of rules) putRule.run(rule.rule, JSON.stringify(rule));
        for (const rule of forgotten) forgetRule.run(rule);
        for (const { id, hook, type, runId, body } of messages) message.run(id, hook, type, runId, body, time, time);
        if (alerts.length > 0) forgetAlerts.run(time - alertKeptMs);
        return true;
      }),

    addSilence: ({ id, rule, labels, reason, createdAt, createdBy, until }) =>
      commits.run(() => {
        const { addSilence, touch, forgetSilences } = sql();
        forgetSilences.run(now() - alertKeptMs);
        addSilence.run(id, rule, JSON.stringify(labels), reason, createdAt, createdBy, until);
        touch.run();
      }),

    endSilence: (id) =>
      commits.run(() => {
        const { endSilence, touch } = sql();
        const time = now();
        const row = endSilence.get(time, id, time);
        if (row === undefined) return null;
        touch.run();
        return toSilence(row);
      }),

    countEndedSince: ({ since, workflows }) =>
      read(() => {
        const rows = sql().ended.all(since, listed(workflows)) as { state: keyof EndedRuns; runs: number }[];
        const none: EndedRuns = { succeeded: 0, partial: 0, failed: 0, cancelled: 0 };
        return { ...none, ...Object.fromEntries(rows.map(({ state, runs }) => [state, runs])) };
      }),

    listEndedSince: ({ since, workflows, limit }) =>
      read(() =>
        sql()
          .listEndedSince.all(since, listed(workflows), limit)
          .map((row) => ({ ...row }) as unknown as { runId: string; state: string; endedAt: number }),
      ),

    countWaiting: (workflows) => read(() => ({ ...(sql().waiting.get(listed(workflows)) as unknown as WaitingRuns) })),

    lastDeliveryEnd: (hook) =>
      read(() => {
        const row = sql().lastDelivery.get(hook) as { state: "delivered" | "dead"; error: string | null } | undefined;
        return row === undefined ? null : { ...row };
      }),
  };
}

function prepareAll(db: StoreParts["db"]) {
  const ofWorkflow = (place: string): string =>
    `(json_array_length(${place}) = 0 OR workflow IN (SELECT value FROM json_each(${place})))`;
  return {
    begin: db.prepare(
      "INSERT OR IGNORE INTO alert_book(id, version, seq) SELECT 1, 0, coalesce(max(seq), 0) FROM event",
    ),
    book: db.prepare("SELECT version, seq FROM alert_book"),
    move: db.prepare("UPDATE alert_book SET version = version + 1, seq = ? WHERE version = ?"),
    touch: db.prepare("UPDATE alert_book SET version = version + 1"),
    alerts: db.prepare("SELECT body FROM alert ORDER BY fingerprint"),
    rules: db.prepare("SELECT body FROM alert_rule ORDER BY rule"),
    putAlert: db.prepare(`
      INSERT INTO alert(fingerprint, rule, ended_at, body) VALUES(?, ?, ?, ?)
      ON CONFLICT(fingerprint) DO UPDATE SET ended_at = excluded.ended_at, body = excluded.body`),
    putRule: db.prepare(
      "INSERT INTO alert_rule(rule, body) VALUES(?, ?) ON CONFLICT(rule) DO UPDATE SET body = excluded.body",
    ),
    forgetRule: db.prepare("DELETE FROM alert_rule WHERE rule = ?"),
    forgetAlerts: db.prepare("DELETE FROM alert WHERE ended_at < ?"),
    message: db.prepare(`
      INSERT OR IGNORE INTO webhook_delivery(id, hook, type, run_id, body, created_at, state, attempts, due_at)
      VALUES(?, ?, ?, ?, ?, ?, 'pending', 0, ?)`),
    silences: db.prepare(`SELECT ${silenceColumns} FROM alert_silence WHERE until > ? ORDER BY position`),
    addSilence: db.prepare(`
      INSERT INTO alert_silence(id, rule, labels, reason, created_at, created_by, until) VALUES(?, ?, ?, ?, ?, ?, ?)`),
    endSilence: db.prepare(`UPDATE alert_silence SET until = ? WHERE id = ? AND until > ? RETURNING ${silenceColumns}`),
    forgetSilences: db.prepare("DELETE FROM alert_silence WHERE until < ?"),
    ended: db.prepare(`
      SELECT state, count(*) AS runs FROM run WHERE ended_at >= ?1 AND ${ofWorkflow("?2")} GROUP BY state`),
    listEndedSince: db.prepare(`
      SELECT id AS runId, state, ended_at AS endedAt FROM run WHERE ended_at >= ?1 AND ${ofWorkflow("?2")}
      ORDER BY ended_at DESC LIMIT ?3`),
    // Each half from the partial index that is made for it.
    waiting: db.prepare(`
      SELECT count(*) FILTER (WHERE state = 'queued') AS queued,
        min(created_at) FILTER (WHERE state = 'queued') AS oldestQueuedAt,
        min(started_at) FILTER (WHERE state = 'running') AS longestRunningSince
      FROM (
        SELECT state, created_at, started_at FROM run INDEXED BY run_owned
        WHERE ended_at IS NULL AND owner_id IS NOT NULL AND ${ofWorkflow("?1")}
        UNION ALL
        SELECT state, created_at, started_at FROM run INDEXED BY run_unowned
        WHERE ended_at IS NULL AND owner_id IS NULL AND ${ofWorkflow("?1")})`),
    lastDelivery: db.prepare(`
      SELECT state, error FROM webhook_delivery WHERE hook = ? AND ended_at IS NOT NULL ORDER BY ended_at DESC, position DESC LIMIT 1`),
  };
}

const silenceColumns = `id, rule, labels, reason, created_at AS createdAt, created_by AS createdBy, until`;

function toSilence(row: object): SilenceRow {
  const { labels, ...rest } = row as unknown as Omit<SilenceRow, "labels"> & { readonly labels: string };
  return { ...rest, labels: JSON.parse(labels) as SilenceRow["labels"] };
}

function bodyOf(row: object): unknown {
  return JSON.parse((row as { body: string }).body);
}
