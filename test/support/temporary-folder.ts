import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Gives a run of the tests its own temporary folder, and removes it afterwards whatever happened in between. */
export function setup(): () => void {
  // Short, because sockets and git worktrees below it have paths of limited length; real, because macOS links /var.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mhv-"));
  process.env["TMPDIR"] = folder;
  return () => {
    rmSync(folder, { recursive: true, force: true });
  };
}
