import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** What is to be put into an archive, under a path of it: one file, or all below a folder. */
export type BackupSource =
  | { readonly path: string; readonly file: string }
  | { readonly path: string; readonly folder: string };

/** One file or link to be put into an archive. */
export interface ArchiveSource {
  readonly path: string;
  /** Absolute path of the file; what it holds when it is opened is what is taken. */
  readonly file: string;
  /** Of a symbolic link, where it leads. */
  readonly link?: string;
}

/** Files and links one by one, so that a million need no memory. What is neither is told to `leave`. */
export function* walkSources(
  sources: readonly BackupSource[],
  leave: (path: string) => void,
): Generator<ArchiveSource> {
  for (const source of sources) {
    if ("file" in source) yield source;
    else yield* walk(source.folder, source.path, leave);
  }
}

function* walk(folder: string, path: string, leave: (path: string) => void): Generator<ArchiveSource> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes((error as NodeJS.ErrnoException).code ?? "")) return;
    throw error;
  }
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const file = join(folder, entry.name);
    const name = `${path}/${entry.name}`;
    // A name that is no UTF-8 cannot be written down.
    if (entry.name.includes("\\") || entry.name.includes("\uFFFD")) leave(name);
    else if (entry.isDirectory()) yield* walk(file, name, leave);
    else if (entry.isFile()) yield { path: name, file };
    else if (entry.isSymbolicLink()) {
      const link = readLink(file);
      if (link !== null) yield { path: name, file, link };
    } else leave(name);
  }
}

/** Null when it has gone meanwhile. */
function readLink(file: string): string | null {
  try {
    return readlinkSync(file);
  } catch {
    return null;
  }
}
