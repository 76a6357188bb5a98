/** Shapes of what is asked and told about the service's log. No command loads them. */
import * as z from "zod";
import { logLevels } from "../../lib/log.ts";
import { logLineCursor } from "../../telemetry/logs/read-log-lines.ts";

/** ISO 8601 in UTC. */
const time = z.iso.datetime();
const cursor = z.string().regex(logLineCursor);

/** A line of the log. */
export const logLine = z.strictObject({
  /** Where it stands. */
  cursor,
  time,
  level: z.enum(logLevels),
  message: z.string(),
  fields: z.record(z.string(), z.json()),
});

/** What `readServiceLog` is asked. */
export const readServiceLogInput = z.strictObject({
  limit: z.int().min(1).max(1_000).default(100),
  runId: z.string().min(1).max(64).exactOptional(),
  repository: z.string().min(1).max(4_096).exactOptional(),
  level: z.enum(logLevels).exactOptional(),
  since: time.exactOptional(),
  until: time.exactOptional(),
  cursor: cursor.exactOptional(),
  after: cursor.exactOptional(),
});

/** Lines, the newest first. */
export const logLinePage = z.strictObject({
  items: z.array(logLine),
  nextCursor: cursor.nullable(),
  damaged: z.int().min(0).max(Number.MAX_SAFE_INTEGER),
});
