import { readdir } from "node:fs/promises";
import { join } from "node:path";

/** The folder of the service's log. */
export function logFolderOf(stateFolder: string): string {
  return join(stateFolder, "logs");
}

/** The file of a day (UTC); days sort as their names do. */
export function logFileName(time: string): string {
  return `${time.slice(0, 10)}.ndjson`;
}

/** The names of the files of the service's log, the oldest first; none where there is no folder. */
export async function listLogFiles(stateFolder: string): Promise<string[]> {
  const names = await readdir(logFolderOf(stateFolder)).catch(() => []);
  return names.filter((name) => /^\d{4}-\d{2}-\d{2}\.ndjson$/.test(name)).toSorted();
}
