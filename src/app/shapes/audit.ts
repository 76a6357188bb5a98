/** Shapes of what is asked and told about the audit trail. No command loads them: see `src/cli/json-schemas.ts` and `src/server`. */
import * as z from "zod";

/** ISO 8601 in UTC. */
const time = z.iso.datetime();
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const text = z.string().min(1).max(4096);
const cursor = z.string().regex(/^[1-9][0-9]{0,14}$/);
const head = z.strictObject({ seq: count, hash });

/** One entry. */
export const auditItem = z.strictObject({
  seq: z.int().min(1).max(Number.MAX_SAFE_INTEGER),
  time,
  actor: z.string(),
  action: z.string(),
  resource: z.string(),
  decision: z.enum(["allowed", "denied"]),
  reason: z.string(),
  from: z.string(),
  requestId: z.string(),
  before: z.json(),
  after: z.json(),
  hash,
});

const filter = {
  actor: text.optional(),
  action: text.optional(),
  resource: text.optional(),
  decision: z.enum(["allowed", "denied"]).optional(),
  since: time.optional(),
  until: time.optional(),
};

/** What `listAudit` is asked. */
export const listAuditInput = z.strictObject({
  ...filter,
  limit: z.int().min(1).max(1_000).default(50),
  cursor: cursor.optional(),
});

/** A page, newest first. */
export const auditPage = z.strictObject({ items: z.array(auditItem), nextCursor: cursor.nullable() });

/** What `verifyAudit` is asked. */
export const verifyAuditInput = z.strictObject({
  head: z
    .string()
    .regex(/^(0|[1-9][0-9]{0,14}):[0-9a-f]{64}$/)
    .optional(),
});

/** What following the chain gave. */
export const auditVerdict = z.strictObject({
  valid: z.boolean(),
  entries: count,
  head,
  firstProblem: z
    .strictObject({
      seq: count,
      kind: z.enum(["edited", "removed", "reordered", "truncated", "added"]),
      message: z.string(),
    })
    .nullable(),
});

/** What `exportAudit` is asked. */
export const exportAuditInput = z.strictObject({
  ...filter,
  format: z.enum(["csv", "ndjson"]),
  limit: z.int().min(1).max(10_000).optional(),
  cursor: cursor.optional(),
});

/** A page of an export, oldest first. */
export const auditExport = z.strictObject({
  format: z.enum(["csv", "ndjson"]),
  text: z.string(),
  entries: count,
  nextCursor: cursor.nullable(),
  head: head.nullable(),
});
