import { join, resolve } from "node:path";
import { MahavishnuError } from "../../lib/errors.ts";
import type { BackupRow } from "../../store/backup-contract.ts";
import type { AppContext } from "../app-context.ts";
import { readBackupKey } from "../backup/backup-key.ts";
import { createBackup as makeBackup } from "../backup/create-backup.ts";
import { keepBackups } from "../backup/keep-backups.ts";
import { type BackupSummary, summariseManifest } from "../backup/summarise-manifest.ts";
import { workInThread } from "../backup/work-in-thread.ts";
import { defineUseCase, type Resource } from "../use-case.ts";

const backups: Resource = { name: "backups" };

/** A backup as it is listed. */
export interface BackupItem {
  readonly id: string;
  readonly file: string;
  readonly state: BackupRow["state"];
  readonly createdAt: string;
  readonly endedAt: string | null;
  readonly bytes: number | null;
  readonly error: string | null;
  readonly scheduled: boolean;
}

/** `backup create`. */
export const createBackup = defineUseCase<
  { readonly to?: string; readonly unlessNewerThanMs?: number },
  { readonly backup: (BackupSummary & { readonly bytes: number }) | null }
>({
  name: "createBackup",
  permission: "backups:write",
  writes: true,
  resource: () => backups,
  run: async (context, { to, unlessNewerThanMs }) => {
    if (to !== undefined && context.from !== "cli") {
      throw new MahavishnuError("USAGE", "where a file is written is for the command line alone");
    }
    context.signal.throwIfAborted();
    const made = await makeBackup(context, {
      signal: context.signal,
      ...(to === undefined ? {} : { to }),
      ...(unlessNewerThanMs === undefined ? {} : { noneSince: Date.now() - unlessNewerThanMs }),
    });
    if (made === null) return { backup: null };
    await keepBackups(context);
    return { backup: { ...summariseManifest(made.file, made.manifest), bytes: made.bytes } };
  },
});

/** `backup list`, newest first. */
export const listBackups = defineUseCase<{ readonly limit: number }, { readonly items: readonly BackupItem[] }>({
  name: "listBackups",
  permission: "telemetry:read",
  writes: false,
  resource: () => backups,
  run: async (context, { limit }) => ({
    items: (await (await context.history()).listBackups(limit)).map(({ createdAt, endedAt, ...row }) => ({
      ...row,
      createdAt: new Date(createdAt).toISOString(),
      endedAt: endedAt === null ? null : new Date(endedAt).toISOString(),
    })),
  }),
});

/** `backup verify`. */
export const verifyBackup = defineUseCase<{ readonly backup: string }, BackupSummary>({
  name: "verifyBackup",
  permission: "telemetry:read",
  writes: false,
  resource: () => backups,
  run: async (context, { backup }) => {
    const file = await findBackup(context, backup);
    const scratch = join(context.loaded.paths.stateFolder, `verify-${process.pid}-${Date.now()}`);
    return summariseManifest(
      file,
      await workInThread({ kind: "verify", file, key: readBackupKey(context), scratch }, context.signal),
    );
  },
});

/** `latest`, an id of the list, or, on the command line, a file. */
async function findBackup(context: AppContext, name: string): Promise<string> {
  const rows = (await (await context.history()).listBackups(10_000)).filter(({ state }) => state === "good");
  const found = name === "latest" ? rows[0] : rows.find(({ id }) => id === name);
  if (found !== undefined) return found.file;
  if (/[./]/.test(name) && context.from === "cli") return resolve(name);
  throw new MahavishnuError(
    "BACKUP_NOT_FOUND",
    name === "latest" ? "there is no good backup" : `there is no backup ${name}`,
  );
}
