import { accessSync, constants, lstatSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";

/** Why state cannot be kept at a path, and what mends it. */
export interface PlaceProblem {
  /** Names the path, and where rights are missing its mode and owner. */
  readonly message: string;
  /** A command, or a sentence. */
  readonly fix: string;
}

/**
 * Whether a folder is there, or can be made, and this process may write in it. Nothing is made to find out.
 *
 * @param folder absolute
 */
export function judgeFolder(folder: string): PlaceProblem | undefined {
  for (let path = folder; ; path = dirname(path)) {
    const stats = statOf(path);
    if (stats === undefined) {
      if (isLink(path)) return { message: `${path} is a link that leads to nothing`, fix: `Remove the link ${path}.` };
      if (path !== dirname(path)) continue;
    }
    if (stats?.isDirectory() !== true) {
      return { message: `${path} is a file, and must be a folder`, fix: `Move ${path} aside.` };
    }
    // What is not there yet is made by this process and is its own; what is there must be listed too.
    const needed = constants.W_OK | constants.X_OK | (path === folder ? constants.R_OK : 0);
    return judgeRights(path, stats, needed, "u+rwx");
  }
}

/**
 * Whether what stands at a path is a file that this process may read and write, or nothing.
 *
 * @param path absolute
 */
export function judgeFile(path: string): PlaceProblem | undefined {
  const stats = statOf(path);
  if (stats === undefined) return undefined;
  if (!stats.isFile()) {
    const kind = stats.isDirectory() ? "a folder" : "no regular file";
    return {
      message: `${path} is ${kind}, and the state database must be a file`,
      fix: `Move ${path} aside, or name another file in state.url.`,
    };
  }
  return judgeRights(path, stats, constants.R_OK | constants.W_OK, "u+rw");
}

/**
 * Refuses a state file where SQLite could not work. It would open a file without the right to write all the same, and leave
 * companions with the same mode, which keep the database unwritable after the file itself is mended.
 *
 * @throws MahavishnuError STATE_UNREADABLE, which names the file or folder at fault.
 */
export function expectStatePlace(file: string): void {
  const companions = [`${file}-wal`, `${file}-shm`];
  const complete = [file, ...companions].every((path) => statOf(path) !== undefined);
  const problem =
    [file, ...companions].map(judgeFile).find((found) => found !== undefined) ??
    // SQLite makes the companions; where they are there, the folder's own rights do not matter.
    (complete ? undefined : judgeFolder(dirname(file)));
  if (problem !== undefined) throw new MahavishnuError("STATE_UNREADABLE", problem.message, { fix: problem.fix });
}

function judgeRights(path: string, stats: Stats, needed: number, rights: string): PlaceProblem | undefined {
  try {
    accessSync(path, needed);
    return undefined;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return undefined;
    if (code === "EROFS") {
      const fix = "Mount the file system for writing, or move the workspace to one that is.";
      return { message: `${path} lies on a read-only file system`, fix };
    }
    const mode = (stats.mode & 0o7777).toString(8).padStart(4, "0");
    const uid = process.geteuid?.();
    const isOwn = stats.uid === uid;
    return {
      message: `${path} (mode ${mode}, owner ${stats.uid}) cannot be read and written by user ${uid}`,
      fix: isOwn
        ? `chmod ${rights} ${path}`
        : `Work as user ${stats.uid}, or let that user give it away: chown ${uid} ${path}`,
    };
  }
}

/** Undefined for what is not there, and for what lies behind a folder that may not be entered: then that folder is at fault. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}
