/** Shapes of what is told about an upgrade of the state. No command loads them. */
import * as z from "zod";

const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const upgradeReport = z.strictObject({
  outcome: z.enum(["none", "planned", "blocked", "upgraded"]),
  file: z.string(),
  from: count.nullable(),
  to: count.nullable(),
  bytes: count,
  ms: z.number().min(0),
  added: z.array(z.string()),
  changed: z.array(z.string()),
  runs: count,
  events: count,
  auditEntries: count,
  pids: z.array(count),
});
