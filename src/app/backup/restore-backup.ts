import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cp, mkdir, rename, rm, rmdir, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LoadedConfig } from "../../config/load-config.ts";
import { crashPoint } from "../../lib/crash-point.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { hasDatabase, listLiveOwners } from "../../store/open-database.ts";
import { syncFolder } from "./create-backup.ts";
import type { Manifest } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";
import { readRestoreMarker, type RestoreMarker, restoreMarkerOf } from "./restore-marker.ts";
import { verifyDatabase } from "./verify-archive.ts";

/** What came back. */
export interface RestoredBackup {
  readonly manifest: Manifest;
  /** Where the state that was there before has gone; null when there was none. */
  readonly replaced: string | null;
  /** The folder with the configuration as it was, and with secrets if they were in the backup. Nothing of it is in force. */
  readonly beside: string;
}

/** What a restore brings; whatever else is in the state folder stays. */
const brought = ["runs", "worktrees", "suites", "audit"] as const;

/**
 * Brings the state back from a backup. All of it is read, checked and durable beside the state folder before anything is put in its place;
 * the database goes last, and with it the state is there. A restore that was killed before that is begun anew by the next one; nothing that was there
 * before is ever removed.
 *
 * @throws MahavishnuError RESTORE_REFUSED, BACKUP_DAMAGED, BACKUP_KEY, BACKUP_NOT_FOUND, STATE_NEWER
 */
export async function restoreBackup(
  { paths }: Pick<LoadedConfig, "paths">,
  file: string,
  { key, force }: { readonly key: string | null; readonly force: boolean },
): Promise<RestoredBackup> {
  const { stateFolder, stateFile } = paths;
  mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
  const staging = join(stateFolder, "restore");
  await rm(staging, { recursive: true, force: true });
  const begun = readRestoreMarker(stateFolder);
  // With its database, a state is whole, whatever a restore has noted.
  const isThere = existsSync(stateFile) || (begun === null && hasStateFor(stateFolder));
  if (isThere) expectNobody(stateFile);
  if (isThere && !force) {
    const message = `there is a state in ${stateFolder} already`;
    throw new MahavishnuError("RESTORE_REFUSED", message, { fix: "Give --force: it is moved aside, never removed." });
  }
  await mkdir(staging, { mode: 0o700 });
  try {
    const manifest = await readArchive(file, { key, into: staging, wanted: () => true });
    await verifyDatabase(file, join(staging, "state.db"), manifest);
    await makeLinks(staging, manifest);
    forgetOwnBackup(join(staging, "state.db"), manifest.id);
    crashPoint("restore.staged");
    // Reading it may have taken long.
    if (isThere) expectNobody(stateFile);
    const aside = begun?.aside ?? `replaced-${new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "")}`;
    await writeMarker(stateFolder, { id: manifest.id, aside });
    const replaced = await moveAside(stateFolder, stateFile, join(stateFolder, aside));
    const beside = await moveIn(stateFolder, staging, stateFile, manifest);
    return { manifest, replaced, beside };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function hasStateFor(stateFolder: string): boolean {
  return brought.some((name) => isFilled(join(stateFolder, name)));
}

function isFilled(folder: string): boolean {
  return existsSync(folder) && readdirSync(folder).length > 0;
}

/** Whoever works with the state would go on with the old one. A file that is no sound database has nobody. */
function expectNobody(stateFile: string): void {
  let pids: number[];
  try {
    if (!hasDatabase(stateFile)) return;
    const db = new DatabaseSync(stateFile, { readOnly: true, timeout: 10_000 });
    try {
      pids = listLiveOwners(db).map(({ pid }) => pid);
    } finally {
      db.close();
    }
  } catch {
    return;
  }
  if (pids.length === 0) return;
  const message = `processes are at work with ${stateFile}: ${pids.join(", ")}`;
  throw new MahavishnuError("RESTORE_REFUSED", message, { fix: "Stop them, then try again." });
}

/** Only now, so that nothing was written through one. */
async function makeLinks(staging: string, { links }: Manifest): Promise<void> {
  for (const { path, target } of links) {
    const place = join(staging, path);
    await mkdir(dirname(place), { recursive: true, mode: 0o700 });
    await symlink(target, place);
  }
}

/** In itself, a backup is still being made. */
function forgetOwnBackup(database: string, id: string): void {
  const db = new DatabaseSync(database);
  try {
    db.prepare("DELETE FROM backup WHERE state = 'making' OR id = ?").run(id);
    db.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } finally {
    db.close();
  }
}

/** Before anything is moved, so that whoever is cut short can be gone on with. */
async function writeMarker(stateFolder: string, marker: RestoreMarker): Promise<void> {
  const file = restoreMarkerOf(stateFolder);
  writeFileSync(`${file}.new`, JSON.stringify(marker), { flush: true });
  await rename(`${file}.new`, file);
  await syncFolder(stateFolder);
  crashPoint("restore.marked");
}

/**
 * Moves what is there into a folder of its own; null when nothing was there, now and when a restore before this one was cut short. A write-ahead log
 * that is there without its database goes too: it would be taken for the new one's.
 */
async function moveAside(stateFolder: string, stateFile: string, aside: string): Promise<string | null> {
  const files = ["-wal", "-shm", ""].filter((suffix) => existsSync(`${stateFile}${suffix}`));
  const folders = brought.filter((name) => isFilled(join(stateFolder, name)));
  if (files.length === 0 && folders.length === 0) return existsSync(aside) ? aside : null;
  await mkdir(aside, { recursive: true, mode: 0o700 });
  // The log before its database: where the database is, the state still counts as there.
  for (const suffix of files) await move(`${stateFile}${suffix}`, freeName(join(aside, `state.db${suffix}`)));
  crashPoint("restore.aside");
  for (const name of folders) await rename(join(stateFolder, name), freeName(join(aside, name)));
  await syncFolder(aside);
  await syncFolder(stateFolder);
  return aside;
}

/** Nothing that was put there before is overwritten: what a restore had brought that was cut short is there twice then. */
function freeName(path: string): string {
  let found = path;
  for (let number = 2; existsSync(found); number += 1) found = `${path}.${number}`;
  return found;
}

async function moveIn(stateFolder: string, staging: string, stateFile: string, manifest: Manifest): Promise<string> {
  const beside = join(stateFolder, `restored-${manifest.id}`);
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { mode: 0o700 });
  for (const name of ["configuration", "secrets"]) {
    if (existsSync(join(staging, name))) await rename(join(staging, name), join(beside, name));
  }
  if (existsSync(join(staging, "state/secrets")))
    await rename(join(staging, "state/secrets"), join(beside, "state-secrets"));
  for (const name of brought) {
    // An empty folder may be there; one that is not fails this.
    await rmdir(join(stateFolder, name)).catch(ignoreMissing);
    if (existsSync(join(staging, "state", name))) await rename(join(staging, "state", name), join(stateFolder, name));
    crashPoint("restore.moved");
  }
  await syncFolder(stateFolder);
  mkdirSync(dirname(stateFile), { recursive: true, mode: 0o700 });
  await move(join(staging, "state.db"), stateFile);
  await syncFolder(dirname(stateFile));
  crashPoint("restore.done");
  await rm(restoreMarkerOf(stateFolder));
  return beside;
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== "ENOENT") throw error;
}

/** Also where the database lies on another disk: it appears under its name in one step. */
async function move(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EXDEV") throw error;
    await cp(from, `${to}.moving`);
    await syncFolder(`${to}.moving`);
    await rename(`${to}.moving`, to);
    await rm(from);
  }
}
