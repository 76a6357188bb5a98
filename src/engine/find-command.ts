import { accessSync, constants, statSync } from "node:fs";
import { delimiter, resolve } from "node:path";

/**
 * Whether a command can be found as a shell finds it: by its path from a folder, or by its name in the folders of `PATH`.
 *
 * @example
 * hasCommand("git", { folder: "/srv/a", path: "/usr/bin:/bin" }); // true
 */
export function hasCommand(name: string, place: { readonly folder: string; readonly path: string }): boolean {
  if (name.includes("/")) return isExecutable(resolve(place.folder, name));
  return place.path.split(delimiter).some((folder) => isExecutable(resolve(place.folder, folder, name)));
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
