import { hash } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";

/** What the first entry of a trail follows. */
export const beginningHash: string = "0".repeat(64);

/** Where `meta` keeps the trail's head: `SEQ:HASH`. */
export const headKey = "auditHead";

/** Where `meta` keeps what was purged from the beginning of the trail: `SEQ:HASH` of the last entry that went. */
export const baseKey = "auditBase";

/** What the entry is about that says where the trail begins. */
export const baseResource = "audit";
export const baseAction = "state:purge";

/** An entry as its row holds it: what the hash is made of, in this order, after the hash of the entry before. */
export interface ChainedFields {
  readonly seq: unknown;
  readonly time: unknown;
  readonly actor: unknown;
  readonly action: unknown;
  readonly resource: unknown;
  readonly decision: unknown;
  readonly reason: unknown;
  readonly requestId: unknown;
  readonly origin: unknown;
  /** JSON text with its keys in order, or null. */
  readonly before: unknown;
  readonly after: unknown;
}

/**
 * The hash of an entry: SHA-256 in hex over a JSON list of the hash before and every field. JSON keeps the fields apart, so that no
 * text can be moved from one into the next. Never changes: trails that are written already are verified with it.
 *
 * @example
 * chainHash(beginningHash, { ...fields, seq: 1 }); // "5f0c…", 64 digits
 */
export function chainHash(previous: string, fields: ChainedFields): string {
  const { seq, time, actor, action, resource, decision, reason, requestId, origin, before, after } = fields;
  return hash(
    "sha256",
    JSON.stringify([previous, seq, time, actor, action, resource, decision, reason, requestId, origin, before, after]),
  );
}

/** Columns of the table under the names of the fields. */
export const chainedColumns =
  "seq, time, actor, action, resource, decision, reason, request_id AS requestId, origin, before, after, hash";

/**
 * Gives the entries of the first schema their hashes, and the trail its head. From here on a change of theirs is found; what was
 * changed before cannot be known.
 */
export function chainOldEntries(db: DatabaseSync): void {
  const rows = db.prepare(`SELECT ${chainedColumns} FROM audit ORDER BY seq`).iterate();
  const update = db.prepare("UPDATE audit SET hash = ? WHERE seq = ?");
  let head = { seq: 0, hash: beginningHash };
  for (const row of rows) {
    const fields = row as unknown as ChainedFields & { readonly seq: number };
    head = { seq: fields.seq, hash: chainHash(head.hash, fields) };
    update.run(head.hash, head.seq);
  }
  db.prepare("INSERT INTO meta(key, value) VALUES(?, ?)").run(headKey, `${head.seq}:${head.hash}`);
}
