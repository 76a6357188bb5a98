import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gitEnvironment, runGit } from "./run-git.ts";

/** The empty tree's id, the same in every SHA-1 repository: what a checkout without commits is compared with. */
const emptyTree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";

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
  const scratch = mkdtempSync(join(tmpdir(), "mahavishnu-index-"));
  try {
    const { stdout: index } = await runGit({
      folder,
      args: ["rev-parse", "--path-format=absolute", "--git-path", "index"],
    });
    const original = index.toString("utf8").trimEnd();
    const copy = join(scratch, "index");
    if (existsSync(original)) copyFileSync(original, copy);
    const env = { ...gitEnvironment(), GIT_INDEX_FILE: copy };
    await runGit({ folder, env, args: ["add", "--all"] });
    const { stdout } = await runGit({
      folder,
      env,
      args: ["diff", "--cached", "--no-ext-diff", "--no-color", base ?? emptyTree],
    });
    return stdout.toString("utf8");
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
