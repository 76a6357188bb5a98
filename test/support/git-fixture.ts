import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

const identity = {
  GIT_AUTHOR_NAME: "Ann",
  GIT_AUTHOR_EMAIL: "ann@example.test",
  GIT_AUTHOR_DATE: "2026-01-01T00:00:00Z",
  GIT_COMMITTER_NAME: "Ann",
  GIT_COMMITTER_EMAIL: "ann@example.test",
  GIT_COMMITTER_DATE: "2026-01-01T00:00:00Z",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
};

/** Runs real git in a folder and gives what it printed, without the last line end. Throws when git fails. */
export function git(folder: string, ...args: readonly string[]): string {
  return execFileSync("git", args, {
    cwd: folder,
    env: { ...process.env, ...identity },
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  }).trimEnd();
}

/** Runs git where failing is part of the story, such as a merge that stops at a conflict. */
export function gitFails(folder: string, ...args: readonly string[]): void {
  try {
    git(folder, ...args);
  } catch {
    return;
  }
  throw new Error(`git ${args.join(" ")} did not fail`);
}

/** Writes files, each with the folders above it. */
export function writeFiles(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Makes a repository on branch main with one commit of the files, and gives the commit. */
export function makeRepository(
  folder: string,
  files: Readonly<Record<string, string>> = { "README.md": "hello\n" },
): string {
  mkdirSync(folder, { recursive: true });
  git(folder, "init", "--quiet", "--template=", "--initial-branch=main");
  return commitFiles(folder, files);
}

/** Commits files and gives the commit. */
export function commitFiles(folder: string, files: Readonly<Record<string, string>>, message = "change"): string {
  writeFiles(folder, files);
  git(folder, "add", "--all");
  git(folder, "commit", "--quiet", "--allow-empty", "--message", message);
  return git(folder, "rev-parse", "HEAD");
}

/** A temporary folder, its links resolved, that is removed with `[Symbol.dispose]`. */
export function makeFolder(): { readonly path: string; join(...parts: string[]): string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(realpathSync(tmpdir()), "g-"));
  return {
    path,
    join: (...parts) => join(path, ...parts),
    [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }),
  };
}
