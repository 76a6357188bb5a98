import { chmod, mkdir, open, rm, stat, truncate, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { MahavishnuError, messageOf } from "../lib/errors.ts";

/** A file to make, by its path relative to a folder. */
export interface NewFile {
  readonly path: string;
  readonly content: string | Buffer;
  /** Permission bits, whatever the umask says; those of the umask when left out. */
  readonly mode?: number;
  /** The file is there, and gets the content at its end. */
  readonly appends?: true;
}

/**
 * Makes files that do not exist yet, with the folders they need; folders of a file with a `mode` of 0600 get 0700.
 * All or nothing: when one cannot be made or written to, those made before are removed again, and those written to are as before.
 *
 * @throws MahavishnuError `WORKSPACE_EXISTS` when a file is there already, `WORKSPACE_UNWRITABLE` when one cannot be made or written to.
 */
export async function createFiles(folder: string, files: readonly NewFile[]): Promise<void> {
  const undo: (() => Promise<void>)[] = [];
  const remove = async (path: string): Promise<void> => await rm(path, { recursive: true, force: true });
  let path = folder;
  try {
    for (const file of files) {
      path = join(folder, file.path);
      if (file.appends === true) {
        await append(path, file.content, undo);
        continue;
      }
      const folders = await createFolder(dirname(path), file.mode === 0o600 ? 0o700 : undefined);
      undo.push(...folders.map((made) => async () => await remove(made)));
      await writeFile(path, file.content, { flag: "wx", mode: file.mode ?? 0o666 });
      undo.push(async () => await remove(join(folder, file.path)));
      if (file.mode !== undefined) await chmod(path, file.mode);
    }
  } catch (error) {
    // Last first, so that a folder is empty when its turn comes. What cannot be undone must not hide why it is undone.
    for (const step of undo.toReversed()) await step().catch(() => undefined);
    throw describeFailure(error, folder, path);
  }
}

async function append(path: string, content: NewFile["content"], undo: (() => Promise<void>)[]): Promise<void> {
  await using file = await open(path, "a");
  const { size } = await file.stat();
  undo.push(async () => await truncate(path, size));
  await file.appendFile(content);
}

/** Makes a folder and those above it that are missing. Gives what was made, top first. */
async function createFolder(folder: string, mode: number | undefined): Promise<string[]> {
  const missing: string[] = [];
  for (let at = resolve(folder); (await stat(at).catch(nothingThere)) === undefined; at = dirname(at))
    missing.unshift(at);
  // One by one: below /proc, Node's recursive form never ends.
  for (const path of missing) await mkdir(path, mode === undefined ? {} : { mode });
  return missing.slice(0, 1);
}

function nothingThere(error: NodeJS.ErrnoException): undefined {
  if (error.code !== "ENOENT") throw error;
}

function describeFailure(error: unknown, folder: string, file: string): Error {
  const { code, path } = error as NodeJS.ErrnoException;
  if (code === "EEXIST") return fileExists(path ?? folder);
  if (code === "ENOTDIR") {
    return new MahavishnuError(
      "WORKSPACE_UNWRITABLE",
      `${folder} cannot be a workspace: a part of this path is a file`,
      {
        fix: "Name another folder: mahavishnu init DIR.",
        cause: error,
      },
    );
  }
  // The system names the file when it cannot be opened, and not when it cannot be written.
  const place = path === undefined ? `${file}: ` : "";
  const message = `cannot write the workspace ${folder}: ${place}${messageOf(error)}`;
  return new MahavishnuError("WORKSPACE_UNWRITABLE", message, { cause: error });
}

function fileExists(path: string): MahavishnuError {
  return new MahavishnuError("WORKSPACE_EXISTS", `${path} exists already, and is left as it is`);
}

/**
 * Looks whether any of the files is there already, before anything is made.
 *
 * @throws MahavishnuError `WORKSPACE_EXISTS` naming the first.
 */
export async function refuseExisting(folder: string, paths: readonly string[]): Promise<void> {
  for (const path of paths) {
    const found = await stat(join(folder, path)).catch(() => undefined);
    if (found !== undefined) throw fileExists(join(folder, path));
  }
}
