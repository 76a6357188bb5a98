import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { Outputs } from "../../engine/contract.ts";
import { listLogFiles, logFolderOf } from "../../telemetry/logs/log-folder.ts";
import type { PurgeOrder } from "./purge-order.ts";
import { type PurgePart, toOutputs } from "./purge-parts.ts";

/** A file of the service's log. */
export interface LogFile {
  readonly name: string;
  readonly bytes: number;
  /** When it was last written; milliseconds since 1970. */
  readonly writtenAt: number;
}

/** What was written to so lately may be open; milliseconds. */
const openMs = 3_600_000;

/** Files that go, the oldest first: those that are too old, and of too many bytes the oldest. What may be open stays. */
export function chooseLogFiles(
  files: readonly LogFile[],
  { age, bytes }: NonNullable<PurgeOrder["log"]>,
  at: number,
): LogFile[] {
  let rest = files.reduce((sum, file) => sum + file.bytes, 0);
  const gone: LogFile[] = [];
  for (const file of files.toSorted((a, b) => a.writtenAt - b.writtenAt || (a.name < b.name ? -1 : 1))) {
    const old = at - file.writtenAt;
    if (old <= openMs || (old <= age && rest <= bytes)) continue;
    gone.push(file);
    rest -= file.bytes;
  }
  return gone;
}

/** The files of the service's log. */
export async function readLogFolder(stateFolder: string): Promise<LogFile[]> {
  const folder = logFolderOf(stateFolder);
  const files: LogFile[] = [];
  for (const name of await listLogFiles(stateFolder)) {
    const found = await stat(join(folder, name)).catch(() => null);
    if (found?.isFile() === true) files.push({ name, bytes: found.size, writtenAt: found.mtimeMs });
  }
  return files;
}

/** Removes old files of the service's log. */
export async function purgeLog(part: PurgePart, rule: NonNullable<PurgeOrder["log"]>): Promise<Outputs> {
  const { tools, context, at } = part;
  let bytes = 0;
  const gone = chooseLogFiles(await readLogFolder(tools.stateFolder), rule, at);
  for (const file of gone) {
    context.signal.throwIfAborted();
    await rm(join(logFolderOf(tools.stateFolder), file.name), { force: true });
    bytes += file.bytes;
    context.log(`logs/${file.name} is removed`);
  }
  return toOutputs({ files: gone.length, bytes }, []);
}
