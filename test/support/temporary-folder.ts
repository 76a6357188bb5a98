import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Gives a run of the tests its own temporary folder, and removes it afterwards whatever happened in between. In CI,
 * where nobody else works in the checkout, it fails when the tests have changed a file of it.
 */
export function setup(): () => void {
  // Short, because sockets and git worktrees below it have paths of limited length; real, because macOS links /var.
  const folder = mkdtempSync(join(realpathSync(tmpdir()), "mhv-"));
  process.env["TMPDIR"] = folder;
  // The sources are compiled once, and not by each of the many processes that tests start.
  process.env["NODE_COMPILE_CACHE"] = join(folder, "compiled");
  const before = listChanges();
  return () => {
    rmSync(folder, { recursive: true, force: true });
    const after = listChanges();
    if (after !== before) throw new Error(`the tests have changed the checkout:\n${after}`);
  };
}

function listChanges(): string {
  if (process.env["CI"] === undefined) return "";
  return execFileSync("git", ["status", "--porcelain"], { cwd: join(import.meta.dirname, "../.."), encoding: "utf8" });
}
