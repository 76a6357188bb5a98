import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import { MahavishnuError } from "./errors.ts";

/** What is wrong with `~ann/src`, which would else be taken for a folder of that name. */
export const foreignHome = "~ stands for your own home folder only, as ~/; write the other path in full";

/** Whether a path begins with the home folder of somebody else. */
export function namesForeignHome(path: string): boolean {
  return /^~[^/]/.test(path);
}

/**
 * `~` and `~/x` at or below the home folder; every other path as it is.
 *
 * @param home The home folder; the user's when left out.
 * @throws MahavishnuError USER_FILE_INVALID for `~` of somebody else, and when it is not known where the home folder is.
 * @example
 * expandHome("~/src", "/home/ann"); // "/home/ann/src"
 */
export function expandHome(path: string, home: string = homedir()): string {
  if (namesForeignHome(path)) throw new MahavishnuError("USER_FILE_INVALID", `the path ${path}: ${foreignHome}`);
  if (path !== "~" && !path.startsWith("~/")) return path;
  // An empty HOME would make it the current folder, or the root of the disk.
  if (!isAbsolute(home)) {
    const value = home === "" ? "empty" : `no absolute path: ${home}`;
    throw new MahavishnuError("USER_FILE_INVALID", `the path ${path} starts at the home folder, and HOME is ${value}`, {
      fix: "Set HOME to the home folder, or write the path in full.",
    });
  }
  return join(home, path.slice(1));
}
