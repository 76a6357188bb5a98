import { spawnSync } from "node:child_process";
import { chmodSync, chownSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Whoever runs the tests, when the rights of files mean something to them; else a user who owns nothing. */
const other = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : undefined;

/** Gives a folder with all it holds to the user as whom `runAsAnother` runs, and lets that user come to it. */
export function giveToAnother(folder: string): void {
  if (other === undefined) return;
  for (const above of [process.env["TMPDIR_OF_RUN"], process.env["TMPDIR"]]) if (above) chmodSync(above, 0o711);
  for (const path of ["", ...readdirSync(folder, { recursive: true, encoding: "utf8" })]) {
    chownSync(join(folder, path), other.uid, other.gid);
  }
}

/**
 * Runs a module's text as a user for whom the rights of files mean something: root may do everything.
 *
 * @returns what it printed; null when that user cannot read this checkout, which is said to be no proof
 */
export function runAsAnother(script: string): string | null {
  const args = ["--input-type=module", "-e", script];
  const { stdout, stderr, status } = spawnSync(process.execPath, args, { ...other, encoding: "utf8", cwd: "/" });
  if (status === 0) return stdout.trim();
  if (!/EACCES|ERR_MODULE_NOT_FOUND/.test(stderr ?? "EACCES")) throw new Error(stderr);
  process.emitWarning("not proved: the other user cannot read this checkout");
  return null;
}
