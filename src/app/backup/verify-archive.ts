import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import { migrations } from "../../store/migrations.ts";
import { openStore } from "../../store/open-store.ts";
import { askInThread } from "../../store/sqlite-worker.ts";
import type { Manifest } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";

/**
 * Reads a whole archive, opens the database in it, and compares everything with the manifest.
 *
 * @param scratch a folder that is made for this and removed
 * @throws MahavishnuError BACKUP_DAMAGED, BACKUP_KEY, BACKUP_NOT_FOUND, STATE_NEWER
 */
export async function verifyArchive(
  file: string,
  { key, scratch }: { readonly key: string | null; readonly scratch: string },
): Promise<Manifest> {
  await mkdir(scratch, { recursive: true, mode: 0o700 });
  try {
    const manifest = await readArchive(file, { key, into: scratch, wanted: (path) => path === "state.db" });
    await verifyDatabase(file, join(scratch, "state.db"), manifest);
    return manifest;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** Checks the database of a backup: its pages, its counts, its audit trail. It is brought to this version's schema on the way. */
export async function verifyDatabase(archive: string, database: string, manifest: Manifest): Promise<void> {
  const damaged = (why: string): MahavishnuError =>
    new MahavishnuError("BACKUP_DAMAGED", `${archive} is damaged: its database ${why}`);
  if (manifest.schema > migrations.length) {
    const message = `${archive} has schema version ${manifest.schema}; this version of mahavishnu knows ${migrations.length}`;
    throw new MahavishnuError("STATE_NEWER", message);
  }
  let facts;
  try {
    [facts] = await askInThread(
      { file: database, readOnly: true },
      `SELECT (SELECT quick_check FROM pragma_quick_check LIMIT 1) AS sound, (SELECT count(*) FROM run) AS runs,
        (SELECT count(*) FROM event) AS events, (SELECT count(*) FROM audit) AS auditEntries`,
    );
  } catch (error) {
    throw damaged(`cannot be read: ${messageOf(error)}`);
  }
  if (facts?.["sound"] !== "ok") throw damaged(`is not sound: ${String(facts?.["sound"])}`);
  for (const count of ["runs", "events", "auditEntries"] as const) {
    if (facts[count] !== manifest[count]) throw damaged(`has ${String(facts[count])} ${count}, not ${manifest[count]}`);
  }
  // Nobody works with a copy, whatever process it thinks it belongs to.
  await askInThread({ file: database, readOnly: false }, "DELETE FROM owner");
  await using store = openStore({ file: database });
  if (store.workspaceId !== manifest.workspaceId) throw damaged("is of another workspace");
  const { valid, firstProblem } = await store.verifyAudit();
  if (!valid) throw damaged(`has an audit trail that was changed: ${firstProblem?.message ?? "no reason"}`);
}
