import { lstat, readdir } from "node:fs/promises";
import { join } from "node:path";

/** How many bytes the files of a folder have, links not followed; 0 when it is not there. Rejects when the signal is aborted. */
export async function measureFolder(folder: string, signal?: AbortSignal): Promise<number> {
  let bytes = 0;
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  for (const entry of entries) {
    signal?.throwIfAborted();
    const path = join(folder, entry.name);
    if (entry.isDirectory()) bytes += await measureFolder(path, signal);
    // Somebody may have removed it meanwhile.
    else
      bytes += await lstat(path).then(
        ({ size }) => size,
        () => 0,
      );
  }
  return bytes;
}

/** Names of what is in a folder; none when it is not there. */
export async function listNames(folder: string): Promise<readonly string[]> {
  return await readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  });
}
