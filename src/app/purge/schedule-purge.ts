import { recordRun, type RecordedRun } from "../../engine/record-run.ts";
import type { AppContext } from "../app-context.ts";
import { ownKey } from "../own-key.ts";
import { planPurge } from "./plan-purge.ts";
import { readPurgeOrder } from "./purge-order.ts";

/** Who acts when nobody asked: whoever wrote `retention.every`. */
export const retentionSubject = "service:retention";

/**
 * Records the purge of the period in which `now` lies, for a server to begin. All servers have the same periods, counted from 1970, so that of
 * any number of them one records it.
 *
 * @param everyMs the length of a period
 */
export async function recordPurge(context: AppContext, everyMs: number, now: number): Promise<RecordedRun> {
  const store = await context.store();
  return await recordRun(store, {
    plan: planPurge(readPurgeOrder(context.loaded.config.retention, {}, now)),
    actor: retentionSubject,
    reason: "retention.every",
    idempotencyKey: ownKey(retentionSubject, `purge ${everyMs} ${Math.floor(now / everyMs)}`),
  });
}
