import type { DatabaseSync } from "node:sqlite";
import { storeCalls } from "../lib/calls.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { createAlertStore } from "./alerts.ts";
import { createAdmission } from "./admission.ts";
import { createAuditTrail } from "./audit-trail.ts";
import type { Store } from "./contract.ts";
import { GroupCommit } from "./group-commit.ts";
import { createStoreProbe } from "./store-probe.ts";
import { markOpenFiles, type OpenFiles } from "./open-files.ts";
import { explainOpening, explainStoreError, makeDatabaseInMemory, openDatabase, quickCheck } from "./open-database.ts";
import { createBackupRegister } from "./backups.ts";
import { createDeadOwners } from "./dead-owners.ts";
import { createObjectiveStore } from "./objectives.ts";
import { createOwners } from "./owners.ts";
import { createRunDirectory } from "./run-directory.ts";
import { createRunJournal } from "./run-journal.ts";
import { createProjectionStore } from "./projections.ts";
import { createKeyRingStore } from "./key-ring.ts";
import { createSessionRegister } from "./session-register.ts";
import { createPurgeStore } from "./purge.ts";
import type { StoreParts } from "./store-parts.ts";
import { createWebhookStore } from "./webhooks.ts";
import { createTokenRegister, type IdentityChanges } from "./token-register.ts";

/** The embedded store with what only a SQLite file has. */
export interface SqliteStore extends Store {
  /** Transactions written by this process. */
  commitCount(): number;
  /** Checks every page and index of the file. @throws MahavishnuError STATE_DAMAGED */
  checkIntegrity(): void;
}

/**
 * Opens the state store in a SQLite file (`.mahavishnu/state.db`), making it when there is none.
 *
 * @throws MahavishnuError STATE_DAMAGED, STATE_NEWER, STATE_FOREIGN or STATE_UNREADABLE; the file is left as it is.
 * @example
 * await using store = openStore({ file: join(stateFolder, "state.db") });
 * const runs = await store.listRuns({ limit: 20 });
 */
export function openStore(options: { readonly file: string; readonly now?: () => number }): SqliteStore {
  const { file, now = Date.now } = options;
  const db = openDatabase(file);
  try {
    return assembleStore(db, { file, now, files: markOpenFiles(file) });
  } catch (error) {
    db.close();
    throw explainOpening(error, file);
  }
}

/** An empty store in memory, for reading a history that has not begun: nothing is made on the disk. */
export function openEmptyStore(now: () => number = Date.now): SqliteStore {
  const files: OpenFiles = { expectSame: () => undefined };
  return assembleStore(makeDatabaseInMemory(), { file: "the empty history", now, files });
}

function assembleStore(
  db: DatabaseSync,
  { file, now, files }: { readonly file: string; readonly now: () => number; readonly files: OpenFiles },
): SqliteStore {
  const explain = (error: unknown): unknown => explainStoreError(error, file);
  const commits = new GroupCommit(db, explain, { guard: () => files.expectSame() });
  const readNow = <T>(body: () => T): T => {
    try {
      return body();
    } catch (error) {
      throw explain(error);
    }
  };
  const parts: StoreParts = {
    db,
    commits,
    now,
    // Async by contract, since another store may be a server; promises are made even when the body throws.
    // Nothing is made for a listener that is not there.
    read: async (body) =>
      storeCalls.hasSubscribers
        ? await storeCalls.tracePromise(async () => readNow(body), { kind: "read" })
        : readNow(body),
  };
  const dataVersionPragma = db.prepare("PRAGMA data_version");
  const dataVersion = (): number => (dataVersionPragma.get() as { data_version: number }).data_version;
  const meta = db.prepare("SELECT value FROM meta WHERE key = 'workspaceId'").get() as { value: string } | undefined;
  if (meta === undefined)
    throw new MahavishnuError("STATE_DAMAGED", `${file} is damaged: it does not know its workspace`);
  const admission = createAdmission(parts);
  const deadOwners = createDeadOwners(parts);
  const changes: IdentityChanges = { count: 0 };
  let closed = false;
  return {
    ...createRunJournal(parts, admission),
    ...createRunDirectory(parts, deadOwners),
    ...createOwners(parts, admission.changed, deadOwners),
    ...createAuditTrail(parts),
    ...createTokenRegister(parts, changes),
    ...createKeyRingStore(parts, changes),
    ...createSessionRegister(parts),
    ...createWebhookStore(parts),
    ...createBackupRegister(parts),
    ...createObjectiveStore(parts),
    ...createPurgeStore(parts),
    ...createProjectionStore(parts, deadOwners),
    ...createAlertStore(parts),
    ...createStoreProbe(parts, files),
    workspaceId: meta.value,
    dataVersion,
    changeMark: () => `${dataVersion()}.${commits.commits}`,
    commitCount: () => commits.commits,
    checkIntegrity: () => quickCheck(db, file),
    [Symbol.asyncDispose]: async () => {
      if (closed) return;
      closed = true;
      await commits.drain();
      db.close();
    },
  };
}
