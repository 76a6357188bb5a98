import { mkdir, open, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { randomBytes } from "node:crypto";
import { crashPoint } from "../../lib/crash-point.ts";
import { MahavishnuError, messageOf } from "../../lib/errors.ts";
import { identifyProcess } from "../../lib/process-identity.ts";
import type { BackupRow } from "../../store/backup-contract.ts";
import type { AppContext } from "../app-context.ts";
import { readBackupKey } from "./backup-key.ts";
import { chooseSources } from "./choose-sources.ts";
import type { Manifest } from "./manifest.ts";
import type { PackRequest } from "./pack-archive.ts";
import { workInThread } from "./work-in-thread.ts";

/** How a backup is to be made. */
export interface BackupRequest {
  /** Where its file is to be; in `backup.folder` when left out. */
  readonly to?: string;
  /** Make none when another one began since then (milliseconds since 1970) and has not failed. */
  readonly noneSince?: number;
  /** Aborted when nobody waits for it any more. */
  readonly signal: AbortSignal;
}

/** A backup that is there, and was verified. */
export interface MadeBackup {
  readonly id: string;
  readonly file: string;
  readonly bytes: number;
  readonly manifest: Manifest;
}

/**
 * Makes a backup while everything goes on, verifies it, and records how that went. Null when there is one already; see `noneSince`.
 *
 * @throws MahavishnuError BACKUP_FAILED, BACKUP_KEY
 */
export async function createBackup(context: AppContext, request: BackupRequest): Promise<MadeBackup | null> {
  const { loaded } = context;
  const key = readBackupKey(context);
  const store = await context.store();
  const id = randomBytes(4).toString("hex");
  const createdAt = Date.now();
  const moment = new Date(createdAt).toISOString();
  const name = `backup-${moment.replaceAll(/[-:]|\.\d+/g, "")}-${id}.tar.zst${key === null ? "" : ".sealed"}`;
  const file = request.to === undefined ? join(loaded.paths.backups, name) : resolve(request.to);
  const scheduled = request.noneSince !== undefined;
  const me = identifyProcess(process.pid);
  if (me === null) throw new MahavishnuError("INTERNAL", "this process cannot be looked at");
  if (!(await store.beginBackup({ id, file, createdAt, scheduled, ...me }, request.noneSince ?? null))) return null;
  try {
    await sweep(await store.listBackups(100));
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const head = { id, createdAt: moment, workspace: loaded.workspace, workspaceId: store.workspaceId };
    const packed = { stateFile: loaded.paths.stateFile, key, head };
    const manifest = await write(context, file, { request: packed, signal: request.signal });
    const { size } = await stat(file);
    await store.endBackup(id, { state: "good", bytes: size });
    return { id, file, bytes: size, manifest };
  } catch (error) {
    await store.endBackup(id, { state: "failed", error: messageOf(error) }).catch(() => undefined);
    if (error instanceof MahavishnuError) throw error;
    throw new MahavishnuError("BACKUP_FAILED", `the backup could not be made: ${messageOf(error)}`, { cause: error });
  }
}

/** The file is there under its name only once it is whole and was read again. */
async function write(
  context: AppContext,
  file: string,
  { request, signal }: { readonly request: Omit<PackRequest, "scratch" | "sources">; readonly signal: AbortSignal },
): Promise<Manifest> {
  const scratch = scratchOf(file, request.head.id);
  if (await exists(file)) throw new Error(`${file} is there already`);
  const sources = await chooseSources(context, { withSecrets: request.key !== null });
  await rm(scratch, { recursive: true, force: true });
  try {
    const manifest = await workInThread({ kind: "pack", ...request, sources, scratch }, signal);
    await rename(join(scratch, "archive"), file);
    await syncFolder(dirname(file));
    crashPoint("backup.named");
    return manifest;
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

/** What backups have left that were killed in the middle. */
async function sweep(rows: readonly BackupRow[]): Promise<void> {
  for (const { file, id, state } of rows) {
    if (state === "failed") await rm(scratchOf(file, id), { recursive: true, force: true });
  }
}

/** Where a backup is made; each has a place of its own, also when two are to have the same name. */
function scratchOf(file: string, id: string): string {
  return `${file}.${id}.making`;
}

async function exists(path: string): Promise<boolean> {
  return await stat(path).then(
    () => true,
    () => false,
  );
}

/** Makes names in a folder durable. */
export async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, "r");
  await handle.sync();
}
