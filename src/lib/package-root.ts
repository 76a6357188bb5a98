import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

/**
 * The folder of this package: of the checkout when the sources run, of the installed package when the bundle does.
 * Files that are shipped beside the bundle (`examples/`, `schemas/`) are found from here.
 */
export function findPackageRoot(): string {
  let folder = import.meta.dirname;
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder) throw new Error(`there is no package.json above ${import.meta.dirname}`);
    folder = parent;
  }
  return folder;
}
