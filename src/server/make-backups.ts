import type { AppContext } from "../app/app-context.ts";
import { toError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";
import type { GaugePoint, MetricSource } from "../telemetry/metrics/metric-family.ts";

/** Looked at so often at least: timers hold at most 24 days, and clocks are set. */
const longestWaitMs = 60_000;
/** What failed is tried again after this time, doubled with each failure up to `backup.every`. */
const firstRetryMs = 60_000;

/**
 * Makes, verifies and keeps backups as `backup.every` and `backup.keep` say, until it is disposed of; without `every` it does nothing at all.
 * Of several servers one makes each.
 *
 * @param log told of what an operator has to know
 */
export async function makeBackups(app: AppContext, log: Log): Promise<AsyncDisposable> {
  const { every } = app.loaded.config.backup;
  if (every === undefined) return { [Symbol.asyncDispose]: async () => await Promise.resolve() };
  const { createBackup } = await import("../app/backup/create-backup.ts");
  const { keepBackups } = await import("../app/backup/keep-backups.ts");
  const store = await app.store();
  let timer: NodeJS.Timeout | undefined;
  const stopping = new AbortController();
  const { signal } = stopping;
  let failures = 0;
  let working: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    let waitMs = longestWaitMs;
    try {
      // One that was made by hand counts too.
      const last = (await store.listBackups(20)).find(({ state }) => state === "good" || state === "making");
      const dueAt = last === undefined ? 0 : last.createdAt + every;
      if (Date.now() >= dueAt) {
        const made = await createBackup(app, { noneSince: Date.now() - every, signal });
        if (made !== null) await keepBackups(app);
        failures = 0;
        waitMs = Math.min(longestWaitMs, every);
      } else waitMs = Math.min(longestWaitMs, dueAt - Date.now());
    } catch (error) {
      if (signal.aborted) return;
      waitMs = Math.min(firstRetryMs * 2 ** failures, every);
      failures += 1;
      log.error("the backup of `backup.every` has failed; it is tried again", {
        error: toError(error),
        retryMs: waitMs,
      });
    }
    if (!signal.aborted) {
      timer = setTimeout(
        () => {
          working = look();
        },
        Math.min(waitMs, longestWaitMs),
      );
    }
  };

  // The server need not wait for the first one.
  working = look();
  return {
    [Symbol.asyncDispose]: async () => {
      stopping.abort(new Error("the server was stopped"));
      clearTimeout(timer);
      await working;
    },
  };
}

/** Tells of the last good backup; nothing while there is none. */
export function backupSource(app: AppContext): MetricSource {
  return {
    name: "backups",
    collect: async () => {
      const good = (await (await app.store()).listBackups(1_000)).filter(({ state }) => state === "good");
      const points: GaugePoint[] = [{ name: "mahavishnu_backups", labels: {}, value: good.length }];
      const [last] = good;
      if (last === undefined) return points;
      points.push({
        name: "mahavishnu_backup_last_success_timestamp_seconds",
        labels: {},
        value: last.createdAt / 1_000,
      });
      if (last.bytes !== null) points.push({ name: "mahavishnu_backup_last_bytes", labels: {}, value: last.bytes });
      return points;
    },
  };
}
