import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runQuietly } from "./spawn-sync.ts";

/** A workspace with this many real git repositories, made by copying one. The caller removes it. */
export function makeFleet(size: number): { readonly folder: string; readonly repositories: readonly string[] } {
  const folder = mkdtempSync(join(tmpdir(), "mahavishnu-bench-"));
  const template = join(folder, "template");
  mkdirSync(template);
  runQuietly("git", ["init", "--quiet", "--initial-branch=main", "--template="], { cwd: template });
  writeFileSync(join(template, "README.md"), "# a repository\n");
  runQuietly("git", ["add", "--all"], { cwd: template });
  runQuietly(
    "git",
    ["-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "--quiet", "--message=first"],
    { cwd: template },
  );
  const names = Array.from({ length: size }, (_, index) => `repo-${String(index).padStart(4, "0")}`);
  for (const name of names) cpSync(template, join(folder, "repos", name), { recursive: true });
  writeFileSync(join(folder, "mahavishnu.yaml"), "version: 1\nauth: { enabled: false }\n");
  writeFileSync(
    join(folder, "repos.yaml"),
    `version: 1\nroot: ./repos\nrepos:\n${names.map((name) => `  ${name}: { tags: [lang/ts] }\n`).join("")}`,
  );
  mkdirSync(join(folder, "workflows"));
  return { folder, repositories: names.map((name) => join(folder, "repos", name)) };
}
