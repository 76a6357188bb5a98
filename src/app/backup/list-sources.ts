import { readdirSync, readlinkSync, statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { readSecrets } from "../../config/secret-references.ts";
import { localFileOf } from "../../config/load-config.ts";
import type { AppContext } from "../app-context.ts";
import type { ArchiveSource } from "./write-archive.ts";

/** Folders of the state folder that are in a backup besides the database. Logs of the service, scratch space and locks are not. */
const stateFolders = ["runs", "worktrees", "suites", "audit"] as const;

/** What goes into a backup, one by one. What is neither a file nor a link is told to `leave`. */
export async function* listSources(
  context: AppContext,
  {
    database,
    withSecrets,
    leave,
  }: { readonly database: string; readonly withSecrets: boolean; readonly leave: (path: string) => void },
): AsyncGenerator<ArchiveSource> {
  const { paths, files, workspace } = context.loaded;
  yield { path: "state.db", file: database };
  for (const name of stateFolders) yield* walk(join(paths.stateFolder, name), `state/${name}`, leave);
  const taken = new Set<string>();
  const main = files[0];
  const local = main === undefined ? undefined : localFileOf(main);
  for (const file of files) {
    // What is for this machine alone may hold secrets.
    if (file !== local || withSecrets) yield { path: makeUnique(`configuration/${basename(file)}`, taken), file };
  }
  if (!files.includes(paths.repositories))
    yield { path: makeUnique(`configuration/${basename(paths.repositories)}`, taken), file: paths.repositories };
  yield* walk(paths.workflows, "configuration/workflows", leave);
  if (!withSecrets) return;
  yield* walk(join(paths.stateFolder, "secrets"), "state/secrets", leave);
  const named = new Set((await readSecrets(context.loaded, context.env)).flatMap(({ file }) => file ?? []));
  for (const file of named) {
    const inside = relative(paths.stateFolder, file);
    // Those are in it already.
    if (inside.startsWith("secrets/") || statSync(file, { throwIfNoEntry: false }) === undefined) continue;
    const place = relative(workspace, file);
    yield { path: makeUnique(`secrets/${place.startsWith("..") ? basename(file) : place}`, taken), file };
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

/** A name that nothing else in the backup has: of two files with the same name in different folders, the second is `2-name`. */
function makeUnique(path: string, taken: Set<string>): string {
  const at = path.lastIndexOf("/") + 1;
  let found = path;
  for (let number = 2; taken.has(found); number += 1) found = `${path.slice(0, at)}${number}-${path.slice(at)}`;
  taken.add(found);
  return found;
}
