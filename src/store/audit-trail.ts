import type { AuditTrail, StoredAuditEntry } from "./contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** The audit trail; triggers of the schema refuse to change or delete its rows. */
export function createAuditTrail({ db, commits, read }: StoreParts): AuditTrail {
  const insert = db.prepare(
    "INSERT INTO audit(time, actor, action, resource, decision, reason, request_id) VALUES(?, ?, ?, ?, ?, ?, ?)",
  );
  const list = db.prepare(`
    SELECT seq, time, actor, action, resource, decision, reason, request_id AS requestId FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`);
  return {
    appendAudit: ({ time, actor, action, resource, decision, reason, requestId }) =>
      commits.run(() => {
        insert.run(time, actor, action, resource, decision, reason, requestId);
      }),
    listAudit: ({ afterSeq = 0, limit }) =>
      read(() => list.all(afterSeq, limit).map((row) => ({ ...row }) as unknown as StoredAuditEntry)),
  };
}
