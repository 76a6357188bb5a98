import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { MahavishnuError } from "../../lib/errors.ts";
import type { BackupOutcome, BackupWork } from "./backup-thread.ts";
import type { Manifest } from "./manifest.ts";

/**
 * Packs or verifies a backup in a thread of its own; see `backup-thread.ts`. When it is aborted, it resolves once the thread has cleared up.
 *
 * @throws MahavishnuError what `packArchive` and `verifyArchive` throw
 */
export async function workInThread(work: BackupWork, signal: AbortSignal): Promise<Manifest> {
  signal.throwIfAborted();
  // The build has the thread beside its entry; see scripts/lib/bundle.ts.
  const file = import.meta.url.endsWith(".ts") ? "./backup-thread.ts" : "../backup-thread.js";
  const worker = new Worker(new URL(file, import.meta.url), { workerData: work });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
  const stop = (): void => worker.postMessage("stop");
  signal.addEventListener("abort", stop);
  try {
    const ended = once(worker, "exit").then((): never => {
      throw new Error("the thread has ended");
    });
    ended.catch(() => undefined);
    const [outcome] = (await Promise.race([once(worker, "message"), ended])) as [BackupOutcome];
    if ("manifest" in outcome) return outcome.manifest;
    const { code, message, fix } = outcome;
    if (code === null) throw new Error(message);
    throw new MahavishnuError(code, message, fix === undefined ? {} : { fix });
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
