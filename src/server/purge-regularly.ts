import type { AppContext } from "../app/app-context.ts";
import { toError } from "../lib/errors.ts";
import type { Log } from "../lib/log.ts";

/** Looked at so often at least: timers hold at most 24 days, and clocks are set. */
const longestWaitMs = 60_000;
/** What could not be recorded is tried again after this time. */
const retryMs = 30_000;

/**
 * Records a purge once in every period of `retention.every`, until it is disposed of; without that, it does nothing at all. Of several servers
 * one records it, and any of them begins it.
 *
 * @param log told of what an operator has to know
 */
export async function purgeRegularly(
  app: AppContext,
  log: Log,
  now: () => number = Date.now,
): Promise<AsyncDisposable> {
  const { every } = app.loaded.config.retention;
  if (every === undefined) return { [Symbol.asyncDispose]: async () => await Promise.resolve() };
  const { recordPurge } = await import("../app/purge/schedule-purge.ts");
  let timer: NodeJS.Timeout | undefined;
  let isStopped = false;
  let period = -1;
  let working: Promise<void> = Promise.resolve();

  const look = async (): Promise<void> => {
    const time = now();
    let waitMs = Math.min(longestWaitMs, every - (time % every));
    try {
      if (Math.floor(time / every) !== period) {
        await recordPurge(app, every, time);
        period = Math.floor(time / every);
      }
    } catch (error) {
      waitMs = Math.min(retryMs, every);
      log.warn("the purge of this period cannot be recorded; it is tried again", {
        error: toError(error),
        retryMs: waitMs,
      });
    }
    if (isStopped) return;
    timer = setTimeout(() => {
      working = look();
    }, waitMs);
  };

  working = look();
  await working;
  return {
    [Symbol.asyncDispose]: async () => {
      isStopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}
