import { setImmediate as breathe } from "node:timers/promises";
import type { StatementSync } from "node:sqlite";
import { canonicalJson, type Json } from "../lib/json.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { baseAction, baseKey, baseResource, beginningHash, chainedColumns, chainHash, headKey } from "./audit-chain.ts";
import type { AuditEntry, AuditHead, AuditQuery, AuditTrail, StoredAuditEntry } from "./audit-contract.ts";
import type { PurgeStore } from "./purge-contract.ts";
import type { StoreParts } from "./store-parts.ts";
import { type ChainedRow, type ChainReader, verifyChain } from "./verify-audit.ts";

/** Rows looked at in one go; then whatever else this process does gets its turn. */
const windowSize = 2_000;
const leastSeq = -(2n ** 63n);
/** SQLite's integers can be greater than a number holds; the trail's own never are, and somebody else's are not to stop anything. */
const greatest = Number.MAX_SAFE_INTEGER - 1;
const listedColumns = `seq, max(min(time, ${greatest}), -1) AS time, actor, action, resource, decision, reason, request_id AS requestId,
  origin, before, after, hash`;

/**
 * The audit trail. Triggers of the schema refuse to change or delete its rows, and keep the head in `meta` with each new one; each
 * entry's hash covers the hash before it, so that whoever gets past the triggers is found out.
 */
export function createAuditTrail({
  db,
  commits,
  read,
}: StoreParts): AuditTrail & Pick<PurgeStore, "listOldAudit" | "readAuditBase" | "dropAudit"> {
  const insert = db.prepare(
    "INSERT INTO audit(seq, time, actor, action, resource, decision, reason, request_id, origin, before, after, hash) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
  );
  const ends = db.prepare(
    `SELECT (SELECT value FROM meta WHERE key = '${headKey}') AS head, (SELECT min(max(seq), ${greatest}) FROM audit) AS last`,
  );
  const others = { forwards: undefined, backwards: undefined, chain: undefined } as Record<
    string,
    StatementSync | undefined
  >;
  // Only few commands read the trail.
  const prepare = (name: string, sql: string): StatementSync => (others[name] ??= db.prepare(sql));

  const readEnds = (): { readonly head: AuditHead | null; readonly last: number } => {
    const { head, last } = ends.get() as { head: string | null; last: number | null };
    return { head: parseHead(head), last: last ?? 0 };
  };
  /** What is no head was not written by the trail; the chain then does not follow from it. */
  const readBase = (): AuditHead => {
    const row = prepare("base", "SELECT value FROM meta WHERE key = ?").get(baseKey) as { value: string } | undefined;
    if (row === undefined) return { seq: 0, hash: beginningHash };
    return parseHead(row.value) ?? { seq: 0, hash: "" };
  };
  /** Read once in each transaction, in which nobody else writes. */
  let tail = { transaction: -1, seq: 0, hash: "" };

  const append = (entry: AuditEntry): void => {
    if (tail.transaction !== commits.transaction) {
      const { head, last } = readEnds();
      // Of a trail that was tampered with nothing is mended here: the chain stays broken where it was broken, and the work goes on.
      tail = { transaction: commits.transaction, seq: Math.max(head?.seq ?? 0, last), hash: head?.hash ?? "" };
    }
    const fields = { ...fieldsOf(entry), seq: tail.seq + 1 };
    const hash = chainHash(tail.hash, fields);
    const { seq, time, actor, action, resource, decision, reason, requestId, origin, before, after } = fields;
    insert.run(seq, time, actor, action, resource, decision, reason, requestId, origin, before, after, hash);
    tail = { ...tail, seq, hash };
  };

  /** Entries with numbers in a window; the prepared statement is one for all filters. */
  const readWindow = (
    { low, high, limit, newestFirst }: Window,
    { actor, action, resourcePrefix, decision, since, until }: AuditQuery,
  ): StoredAuditEntry[] => {
    const order = newestFirst ? "DESC" : "ASC";
    const statement = prepare(
      order,
      `SELECT ${listedColumns} FROM audit WHERE seq > $low AND seq <= $high
        AND ($actor IS NULL OR actor = $actor) AND ($action IS NULL OR action = $action)
        AND ($resource IS NULL OR substr(resource, 1, length($resource)) = $resource)
        AND ($decision IS NULL OR decision = $decision)
        AND ($since IS NULL OR audit.time >= $since) AND ($until IS NULL OR audit.time < $until)
        ORDER BY seq ${order} LIMIT $limit`,
    );
    const rows = statement.all({
      $low: low,
      $high: high,
      $limit: limit,
      $actor: actor ?? null,
      $action: action ?? null,
      $resource: resourcePrefix ?? null,
      $decision: decision ?? null,
      $since: since ?? null,
      $until: until ?? null,
    });
    return rows.map(entryOf);
  };

  async function* readChain(signal: AbortSignal | undefined): AsyncGenerator<ChainedRow> {
    const statement = prepare("chain", `SELECT ${chainedColumns} FROM audit WHERE seq >= ? ORDER BY seq LIMIT ?`);
    statement.setReadBigInts(true);
    for (let from = leastSeq; ;) {
      signal?.throwIfAborted();
      const start = from;
      const rows = (await read(() => statement.all(start, windowSize))) as unknown as ChainedRow[];
      yield* rows;
      const last = rows.at(-1);
      if (last === undefined || rows.length < windowSize) return;
      from = last.seq + 1n;
      await breathe();
    }
  }

  return {
    appendAudit: (entry) => commits.run(() => append(entry)),

    listAudit: async (query) => {
      const { limit, newestFirst = false } = query;
      const afterSeq = Math.max(query.afterSeq ?? 0, (await read(readBase)).seq);
      // A cursor from nowhere must not be a way of having years of nothing looked through.
      const last = Math.min((await read(readEnds)).last, (query.beforeSeq ?? Number.POSITIVE_INFINITY) - 1);
      const found: StoredAuditEntry[] = [];
      for (let low = afterSeq, high = last; low < high && found.length < limit;) {
        const window = newestFirst
          ? { low: Math.max(low, high - windowSize), high }
          : { low, high: Math.min(high, low + windowSize) };
        const rest = limit - found.length;
        found.push(...(await read(() => readWindow({ ...window, limit: rest, newestFirst }, query))));
        if (newestFirst) high = window.low;
        else low = window.high;
        if (low < high && found.length < limit) await breathe();
      }
      return found;
    },

    readAuditHead: async () => (await read(readEnds)).head,

    verifyAudit: async ({ anchor, signal } = {}) => {
      const reader: ChainReader = { rows: () => readChain(signal), keptHead: () => readEnds().head, base: readBase };
      return await verifyChain(reader, anchor);
    },

    readAuditBase: () => read(readBase),

    listOldAudit: (before, limit) =>
      read(() => {
        const { seq: base } = readBase();
        const last = readEnds().last;
        const window = { low: base, high: Math.min(base + limit, last - 1), limit, newestFirst: false };
        const entries = window.high <= base ? [] : readWindow(window, { limit });
        const young = entries.findIndex(({ time }) => time >= before);
        return young === -1 ? entries : entries.slice(0, young);
      }),

    dropAudit: ({ from, upTo, file, sha256, entry }) =>
      commits.run(() => {
        const base = readBase();
        const row = prepare("hash", "SELECT hash FROM audit WHERE seq = ?").get(upTo.seq) as
          | { hash: string }
          | undefined;
        if (base.seq !== from.seq || base.hash !== from.hash || row?.hash !== upTo.hash) return false;
        // First said, then done: the chain itself tells where it begins, so that a trail which somebody has shortened is found.
        append({
          ...entry,
          action: baseAction,
          resource: baseResource,
          decision: "allowed",
          before: { base: `${base.seq}:${base.hash}` },
          after: { base: `${upTo.seq}:${upTo.hash}`, entries: upTo.seq - base.seq, file, sha256 },
        });
        prepare("setBase", "INSERT INTO meta(key, value) VALUES(?1, ?2) ON CONFLICT(key) DO UPDATE SET value = ?2").run(
          baseKey,
          `${upTo.seq}:${upTo.hash}`,
        );
        prepare("drop", "DELETE FROM audit WHERE seq <= ?").run(upTo.seq);
        return true;
      }),
  };
}

/** A part of the trail: numbers above `low` up to `high`. */
interface Window {
  readonly low: number;
  readonly high: number;
  readonly limit: number;
  readonly newestFirst: boolean;
}

/** `SEQ:HASH` as a head; null when it is none. */
function parseHead(text: string | null): AuditHead | null {
  const match = /^(0|[1-9]\d{0,14}):([0-9a-f]{64})$/.exec(text ?? "");
  return match === null ? null : { seq: Number(match[1]), hash: match[2] ?? beginningHash };
}

/** An entry as it is stored and hashed. SQLite keeps no halves of surrogate pairs: what is hashed must be what is read again. */
function fieldsOf(entry: AuditEntry) {
  const { time, actor, action, resource, decision, reason, requestId, from, before, after } = entry;
  return {
    time,
    actor: actor.toWellFormed(),
    action: action.toWellFormed(),
    resource: resource.toWellFormed(),
    decision,
    reason: reason.toWellFormed(),
    requestId: requestId.toWellFormed(),
    origin: from.toWellFormed(),
    before: before === null ? null : canonicalJson(before),
    after: after === null ? null : canonicalJson(after),
  };
}

/** @throws MahavishnuError STATE_DAMAGED for what the trail never writes. */
function entryOf(row: Readonly<Record<string, unknown>>): StoredAuditEntry {
  const { origin, before, after, ...rest } = row;
  try {
    const changes = { before: parseJson(before), after: parseJson(after) };
    return { ...rest, from: origin, ...changes } as unknown as StoredAuditEntry;
  } catch (cause) {
    throw new MahavishnuError(
      "STATE_DAMAGED",
      `entry ${String(row["seq"])} of the audit trail is not what was written`,
      {
        fix: "See `mahavishnu audit verify`.",
        cause,
      },
    );
  }
}

function parseJson(text: unknown): Json {
  return text === null ? null : (JSON.parse(text as string) as Json);
}
