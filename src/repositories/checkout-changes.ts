import { copyFileSync, existsSync, rmSync, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { makeTemporaryFolder } from "../lib/temporary-folder.ts";
import { gitEnvironment, runGit } from "./run-git.ts";

/** Whether a checkout has changes, untracked files included. */
export async function isCheckoutDirty(folder: string): Promise<boolean> {
  const { stdout } = await runGit({ folder, args: ["status", "--porcelain", "-z"] });
  return stdout.length > 0;
}

/**
 * The changes of a checkout against a commit as a patch, untracked files included. The repository's own index stays as it is:
 * the files are staged in a copy of it.
 */
export async function diffCheckout(folder: string, base: string | null): Promise<string> {
  const scratch = makeTemporaryFolder("mahavishnu-index-");
  try {
    const { stdout: index } = await runGit({
      folder,
      args: ["rev-parse", "--path-format=absolute", "--git-path", "index"],
    });
    const original = index.toString("utf8").trimEnd();
    const copy = join(scratch, "index");
    if (existsSync(original)) copyIndex(original, copy);
    const env = { ...gitEnvironment(), GIT_INDEX_FILE: copy };
    await runGit({ folder, env, args: ["add", "--all"] });
    const { stdout } = await runGit({
      folder,
      env,
      args: ["diff", "--cached", "--no-ext-diff", "--no-color", base ?? (await readEmptyTree(folder))],
    });
    return stdout.toString("utf8");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Copies an index with its age. Git looks into files that are as young as the index, since they may have changed after it was
 * written; beside a copy that is younger, it would take them for unchanged. Whole seconds, rounded down, look into more.
 */
function copyIndex(from: string, to: string): void {
  const seconds = Math.floor(statSync(from).mtimeMs / 1_000);
  copyFileSync(from, to);
  utimesSync(to, seconds, seconds);
}

/** The empty tree's id, which depends on the repository's hash: what a checkout without commits is compared with. */
async function readEmptyTree(folder: string): Promise<string> {
  const { stdout } = await runGit({ folder, args: ["hash-object", "-t", "tree", "--stdin"] });
  return stdout.toString("utf8").trim();
}
