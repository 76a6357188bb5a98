import { resolve } from "node:path";
import { perform } from "../../app/perform.ts";
import { type BackupItem, createBackup, listBackups, verifyBackup } from "../../app/use-cases/backups.ts";
import type { BackupSummary } from "../../app/backup/summarise-manifest.ts";
import { restoreState } from "../../app/use-cases/restore.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import { parseDuration } from "../../lib/duration.ts";
import { formatSize } from "../../lib/size.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type {
  BackupCreateFlags,
  BackupRestoreFlags,
  BackupRestoreOptions,
  BackupVerifyOptions,
} from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openDoor } from "../open-door.ts";
import { openWorkspace } from "../open-workspace.ts";
import { type Line, span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";

/** `mahavishnu backup create`. */
export async function runBackupCreate(options: BackupCreateFlags & GlobalOptions, io: CommandIo): Promise<number> {
  const { to, unlessNewerThan } = options;
  const within = unlessNewerThan === undefined ? undefined : parseDuration(unlessNewerThan);
  if (within === null) throw new MahavishnuError("USAGE", `"${unlessNewerThan ?? ""}" is no time such as 24h`);
  await using door = await openDoor(options, io);
  const { backup } = await door.perform(createBackup, {
    // Where the command was called, as every shell does.
    ...(to === undefined ? {} : { to: resolve(io.cwd, to) }),
    ...(within === undefined ? {} : { unlessNewerThanMs: within }),
  });
  if (options.format === "json") writeJson(io.stdout, { backup });
  else if (backup === null) writeLines(io.stdout, ["there is a newer one already: nothing to do"]);
  else writeLines(io.stdout, [...describe(backup), `${formatSize(backup.bytes)}, verified`]);
  return exitCodes.success;
}

function describe({ file, runs, events, files, createdAt, withSecrets, leftOut }: BackupSummary): string[] {
  return [
    file,
    `${createdAt}: ${runs} runs, ${events} events, ${files} files, ${withSecrets ? "encrypted, with secrets" : "without secrets"}`,
    ...(leftOut.length === 0 ? [] : [`left out, since neither file nor link: ${leftOut.join(", ")}`]),
  ];
}

/** `mahavishnu backup list`. */
export async function runBackupList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { items } = await door.perform(listBackups, { limit: 100 });
  if (options.format === "json") writeJson(io.stdout, { items, nextCursor: null });
  else if (options.format === "ndjson") writeNdjson(io.stdout, items);
  else if (items.length === 0) writeLines(io.stdout, ["no backups"]);
  else {
    const headings = ["backup", "state", "made", "size", "file or reason"];
    const columns = headings.map((heading, index) => ({ heading, whole: index < 4 }));
    writeLines(io.stdout, renderTable({ columns, rows: items.map(toRow) }, io.stdout));
  }
  return exitCodes.success;
}

function toRow({ id, state, createdAt, bytes, file, error }: BackupItem): Line[] {
  const style = state === "good" ? "good" : state === "failed" ? "bad" : "faint";
  return [[id], [span(style, state)], [createdAt], [bytes === null ? "" : formatSize(bytes)], [error ?? file]];
}

/** A file is meant from where the command was called; a name is not a file. */
function place(backup: string, cwd: string): string {
  return backup.includes("/") || backup.includes(".") ? resolve(cwd, backup) : backup;
}

/** `mahavishnu backup verify`. */
export async function runBackupVerify(options: BackupVerifyOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const summary = await door.perform(verifyBackup, { backup: place(options.backup, io.cwd) });
  if (options.format === "json") writeJson(io.stdout, summary);
  else writeLines(io.stdout, [...describe(summary), "it is whole"]);
  return exitCodes.success;
}

/** `mahavishnu backup restore`. */
export async function runBackupRestore(options: BackupRestoreOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const { force = false }: BackupRestoreFlags = options;
  const restored = await perform(app, restoreState, { file: resolve(io.cwd, options.file), force });
  if (options.format === "json") writeJson(io.stdout, restored);
  else {
    writeLines(io.stdout, [
      ...describe(restored),
      ...(restored.replaced === null ? [] : [`the state that was there is in ${restored.replaced}`]),
      `the configuration as it was is in ${restored.beside}`,
      "the state is back; `mahavishnu runs resume`, or a server, goes on with what was interrupted",
    ]);
  }
  return exitCodes.success;
}
