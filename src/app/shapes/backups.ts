/** Shapes of what is asked and told about backups. No command loads them. */
import * as z from "zod";

const time = z.iso.datetime();
const count = z.int().min(0).max(Number.MAX_SAFE_INTEGER);

export const backupItem = z.strictObject({
  id: z.string(),
  file: z.string(),
  state: z.enum(["making", "good", "failed", "removed"]),
  createdAt: time,
  endedAt: time.nullable(),
  bytes: count.nullable(),
  error: z.string().nullable(),
  scheduled: z.boolean(),
});

export const backupList = z.strictObject({ items: z.array(backupItem) });

export const backupSummary = z.strictObject({
  id: z.string(),
  file: z.string(),
  createdAt: time,
  version: z.string(),
  schema: count,
  seq: count,
  runs: count,
  events: count,
  auditEntries: count,
  files: count,
  withSecrets: z.boolean(),
  leftOut: z.array(z.string()),
});

export const createdBackup = z.strictObject({ backup: backupSummary.extend({ bytes: count }).nullable() });

export const restoredBackup = backupSummary.extend({ replaced: z.string().nullable(), beside: z.string() });

export const listBackupsInput = z.strictObject({ limit: z.int().min(1).max(1_000).prefault(100) });
/** Milliseconds. */
export const createBackupInput = z.strictObject({
  unlessNewerThanMs: z.int().min(0).max(31_536_000_000).exactOptional(),
});
export const verifyBackupInput = z.strictObject({ backup: z.string().regex(/^(?:latest|[0-9a-f]{8})$/) });
