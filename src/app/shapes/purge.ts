/** Shapes of what is asked and told about purges. No command loads them. */
import * as z from "zod";
import { endStates } from "../purge/choose-kept.ts";
import { count, time } from "./runs.ts";

export const purgeInput = z.strictObject({
  states: z.array(z.enum(endStates)).min(1).max(endStates.length).optional().describe("Only runs that ended so"),
  olderThanMs: z
    .int()
    .min(0)
    .max(10 * 366 * 86_400_000)
    .optional()
    .describe("Runs that ended longer ago, in place of the ages and counts of the configuration"),
});

export const purgePreview = z.strictObject({
  at: time,
  runs: z.strictObject({ succeeded: count, partial: count, failed: count, cancelled: count }),
  events: count,
  runsWithTrees: count,
  outputs: count,
  strangers: count,
  logFiles: count,
  expired: z.strictObject({ deliveries: count, receipts: count, sessions: count, tokens: count }),
  auditEntries: count,
  bytes: count,
});
