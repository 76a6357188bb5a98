/**
 * The thread that packs and reads backups: hashing and compressing gigabytes would keep the process from all else. It is started with a
 * `BackupWork`, told `stop` when nobody waits for it any more, and tells one `BackupOutcome`.
 */
import { setPriority } from "node:os";
import { isMainThread, parentPort, workerData } from "node:worker_threads";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import type { ErrorCode } from "../../lib/error-catalogue.ts";
import type { Manifest } from "./manifest.ts";
import { packArchive, type PackRequest } from "./pack-archive.ts";
import { verifyArchive } from "./verify-archive.ts";

/** What the thread is to do. */
export type BackupWork =
  | ({ readonly kind: "pack" } & PackRequest)
  | { readonly kind: "verify"; readonly file: string; readonly key: string | null; readonly scratch: string };

/** What came of it; of an error, what can be handed to another thread. */
export type BackupOutcome =
  | { readonly manifest: Manifest }
  | { readonly code: ErrorCode | null; readonly message: string; readonly fix?: string };

const lowest = 19;

if (!isMainThread && parentPort !== null) {
  const port = parentPort;
  const stopping = new AbortController();
  port.on("message", () => stopping.abort(new Error("it was stopped")));
  // There it is this thread's own; elsewhere it would be the whole process's.
  if (process.platform === "linux") setPriority(lowest);
  const work = workerData as BackupWork;
  const done: Promise<Manifest> =
    work.kind === "pack" ? packArchive(work, stopping.signal) : verifyArchive(work.file, work);
  const tell = (outcome: BackupOutcome): void => {
    port.postMessage(outcome);
    port.close();
  };
  done.then(
    (manifest) => tell({ manifest }),
    (error: unknown) =>
      tell(
        error instanceof MahavishnuError
          ? { code: error.code, message: error.message, fix: error.fix }
          : { code: null, message: messageOf(error) },
      ),
  );
}
