import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MahavishnuError, messageOf } from "./errors.ts";

/**
 * Makes a folder of its own, mode 0700, in the system's folder for temporary files. The caller removes it.
 *
 * @param prefix Begins its name.
 * @throws MahavishnuError TEMPORARY_FOLDER when that folder is missing, full, or may not be written to.
 * @example
 * const folder = makeTemporaryFolder("mahavishnu-index-"); // "/tmp/mahavishnu-index-x8Qj2k"
 */
export function makeTemporaryFolder(prefix: string): string {
  const parent = tmpdir();
  try {
    return mkdtempSync(join(parent, prefix));
  } catch (error) {
    // The variables that Node looks at, in its order.
    const named = ["TMPDIR", "TMP", "TEMP"].find((name) => (process.env[name] ?? "") !== "");
    const place = named === undefined ? parent : `${parent} (${named})`;
    throw new MahavishnuError("TEMPORARY_FOLDER", `no temporary files can be made in ${place}: ${messageOf(error)}`, {
      cause: error,
    });
  }
}
