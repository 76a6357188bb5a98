import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { cp, mkdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import type { LoadedConfig } from "../../config/load-config.ts";
import { crashPoint } from "../../lib/crash-point.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { hasDatabase, listLiveOwners } from "../../store/open-database.ts";
import { syncFolder } from "./create-backup.ts";
import type { Manifest } from "./manifest.ts";
import { readArchive } from "./read-archive.ts";
import { verifyDatabase } from "./verify-archive.ts";

/** What came back. */
export interface RestoredBackup {
  readonly manifest: Manifest;
  /** Where the state that was there before has gone; null when there was none. */
  readonly replaced: string | null;
  /** The folder with the configuration as it was, and with secrets if they were in the backup. Nothing of it is in force. */
  readonly beside: string;
}

const marker = "restoring.json";
/** What a restore brings; whatever else is in the state folder stays. */
const brought = ["runs", "worktrees", "suites", "audit"] as const;

/**
 * Brings the state back from a backup. All of it is read, checked and durable beside the state folder before anything is put in its place;
 * the database goes last, and with it the state is there. A restore that was killed before that is begun anew by the next one.
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
  const isHalf = existsSync(join(stateFolder, marker));
  const isThere = isHalf ? existsSync(stateFile) : hasStateFor(stateFile, stateFolder);
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
    const replaced = isThere ? await moveAside(stateFolder, stateFile) : null;
    if (isHalf) for (const name of brought) await rm(join(stateFolder, name), { recursive: true, force: true });
    const beside = await moveIn(stateFolder, staging, stateFile, manifest);
    return { manifest, replaced, beside };
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

function hasStateFor(stateFile: string, stateFolder: string): boolean {
  return existsSync(stateFile) || brought.some((name) => isFilled(join(stateFolder, name)));
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

async function moveAside(stateFolder: string, stateFile: string): Promise<string> {
  const stamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const aside = join(stateFolder, `replaced-${stamp}`);
  await mkdir(aside, { mode: 0o700 });
  // The database first: without it, what else is there counts as a loss and is not touched by anybody.
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${stateFile}${suffix}`)) await move(`${stateFile}${suffix}`, join(aside, `state.db${suffix}`));
  }
  for (const name of brought) {
    if (existsSync(join(stateFolder, name))) await rename(join(stateFolder, name), join(aside, name));
  }
  await syncFolder(stateFolder);
  return aside;
}

async function moveIn(stateFolder: string, staging: string, stateFile: string, manifest: Manifest): Promise<string> {
  writeFileSync(join(stateFolder, marker), JSON.stringify({ id: manifest.id }), { flush: true });
  const beside = join(stateFolder, `restored-${manifest.id}`);
  await rm(beside, { recursive: true, force: true });
  await mkdir(beside, { mode: 0o700 });
  for (const name of ["configuration", "secrets"]) {
    if (existsSync(join(staging, name))) await rename(join(staging, name), join(beside, name));
  }
  if (existsSync(join(staging, "state/secrets")))
    await rename(join(staging, "state/secrets"), join(beside, "state-secrets"));
  for (const name of brought) {
    // An empty folder may be there.
    await rm(join(stateFolder, name), { recursive: true, force: true });
    if (existsSync(join(staging, "state", name))) await rename(join(staging, "state", name), join(stateFolder, name));
    crashPoint("restore.moved");
  }
  await syncFolder(stateFolder);
  mkdirSync(dirname(stateFile), { recursive: true, mode: 0o700 });
  await move(join(staging, "state.db"), stateFile);
  await syncFolder(dirname(stateFile));
  crashPoint("restore.done");
  await rm(join(stateFolder, marker));
  return beside;
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
