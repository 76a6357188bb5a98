/** Shapes of what is asked and told about alerts. No command loads them. */
import * as z from "zod";

const time = z.iso.datetime();
const name = z.string().regex(/^[A-Za-z][\w-]{0,63}$/);
const label = z.string().regex(/^[a-z][\w.-]{0,63}$/i);
const labels = z.record(label, z.string().max(1_000));
const severity = z.enum(["critical", "error", "warning", "info"]);
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const alert = z.strictObject({
  fingerprint: z.string(),
  state: z.enum(["pending", "firing"]),
  labels: z.record(z.string(), z.string()),
  summary: z.string(),
  since: time,
  firedAt: time.nullable(),
  count,
  value: z.number().nullable(),
  runId: z.string().nullable(),
  silencedBy: z.string().nullable(),
});

export const alertRule = z.strictObject({
  name: z.string(),
  about: z.string(),
  severity,
  state: z.enum(["ok", "pending", "firing", "unknown", "silenced"]),
  since: time.nullable(),
  value: z.number().nullable(),
  note: z.string().nullable(),
  judgedAt: time.nullable(),
  notify: z.array(z.string()),
  alerts: z.array(alert),
});
export const alertRuleList = z.strictObject({ items: z.array(alertRule) });

export const silence = z.strictObject({
  id: z.string(),
  rule: z.string(),
  labels: z.record(z.string(), z.string()),
  reason: z.string(),
  createdBy: z.string(),
  createdAt: time,
  until: time,
});
export const silenceList = z.strictObject({ items: z.array(silence) });

export const toldChannel = z.strictObject({
  channel: z.string(),
  taken: z.boolean(),
  status: z.int().min(0).max(Number.MAX_SAFE_INTEGER).nullable(),
  error: z.string().nullable(),
});
export const alertTest = z.strictObject({ items: z.array(toldChannel) });

export const noInput = z.strictObject({});
/** Milliseconds; at most a year. */
export const silenceInput = z.strictObject({
  rule: name,
  labels: labels.exactOptional(),
  forMs: z.int().min(1_000).max(31_536_000_000),
  reason: z.string().min(1).max(1_000),
});
export const oneSilenceInput = z.strictObject({ id: z.string().regex(/^[0-9a-z]{10}$/) });
export const alertTestInput = z.strictObject({ rule: name.exactOptional(), channel: name.exactOptional() });
