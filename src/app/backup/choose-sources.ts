import { statSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { readSecrets } from "../../config/secret-references.ts";
import { localFileOf } from "../../config/load-config.ts";
import type { AppContext } from "../app-context.ts";
import type { BackupSource } from "./walk-sources.ts";

/** Folders of the state folder that are in a backup besides the database. Logs of the service, scratch space and locks are not. */
const stateFolders = ["runs", "worktrees", "suites", "audit"] as const;

/** What goes into a backup besides the database, in its order. */
export async function chooseSources(
  { loaded, env }: Pick<AppContext, "loaded" | "env">,
  { withSecrets }: { readonly withSecrets: boolean },
): Promise<BackupSource[]> {
  const { paths, files, workspace } = loaded;
  const sources: BackupSource[] = stateFolders.map((name) => ({
    path: `state/${name}`,
    folder: join(paths.stateFolder, name),
  }));
  const taken = new Set<string>();
  const main = files[0];
  const local = main === undefined ? undefined : localFileOf(main);
  for (const file of files) {
    // What is for this machine alone may hold secrets.
    if (file !== local || withSecrets)
      sources.push({ path: makeUnique(`configuration/${basename(file)}`, taken), file });
  }
  if (!files.includes(paths.repositories)) {
    sources.push({
      path: makeUnique(`configuration/${basename(paths.repositories)}`, taken),
      file: paths.repositories,
    });
  }
  sources.push({ path: "configuration/workflows", folder: paths.workflows });
  if (!withSecrets) return sources;
  sources.push({ path: "state/secrets", folder: join(paths.stateFolder, "secrets") });
  const named = new Set((await readSecrets(loaded, env)).flatMap(({ file }) => file ?? []));
  for (const file of named) {
    const inside = relative(paths.stateFolder, file);
    // Those are in it already.
    if (inside.startsWith("secrets/") || statSync(file, { throwIfNoEntry: false }) === undefined) continue;
    const place = relative(workspace, file);
    sources.push({ path: makeUnique(`secrets/${place.startsWith("..") ? basename(file) : place}`, taken), file });
  }
  return sources;
}

/** A name that nothing else in the backup has: of two files with the same name in different folders, the second is `2-name`. */
function makeUnique(path: string, taken: Set<string>): string {
  const at = path.lastIndexOf("/") + 1;
  let found = path;
  for (let number = 2; taken.has(found); number += 1) found = `${path.slice(0, at)}${number}-${path.slice(at)}`;
  taken.add(found);
  return found;
}
