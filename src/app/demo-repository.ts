import { mkdir } from "node:fs/promises";
import { gitEnvironment, runGit } from "../repositories/run-git.ts";
import type { DemoFile, DemoSource } from "./demo-sources.ts";

/** Whoever makes the demo, and whenever: the same files give the same commits. */
const author = "Mahavishnu Demo <demo@mahavishnu.example>";
const firstCommitAt = Date.UTC(2026, 0, 5, 9) / 1_000;

interface Commit {
  readonly message: string;
  readonly files: readonly DemoFile[];
}

/** Makes a git repository with history in a folder that does not exist yet. */
export async function makeDemoRepository(folder: string, source: DemoSource): Promise<void> {
  await mkdir(folder, { recursive: true });
  // What git is told on this machine (signing, templates, another name of the first branch) has no say here.
  const env = gitEnvironment({ ...process.env, GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" });
  const git = async (args: readonly string[], input?: Buffer): Promise<void> => {
    await runGit({ folder, args, env, ...(input === undefined ? {} : { input }) });
  };
  await git(["init", "--quiet", "--initial-branch=main", "--template="]);
  // Commits that workflows make here need a name, also on a machine where git has none.
  await git(["config", "user.name", "Mahavishnu Demo"]);
  await git(["config", "user.email", "demo@mahavishnu.example"]);
  await git(["fast-import", "--quiet"], writeHistory(planCommits(source)));
  await git(["reset", "--quiet", "--hard", "main"]);
}

/** The files in the order in which a project would grow: what says what it is, then the code, then the rest. */
function planCommits({ origin, files }: DemoSource): Commit[] {
  const isStart = ({ path }: DemoFile): boolean => /^(package\.json|licen[cs]e[^/]*|readme[^/]*)$/i.test(path);
  const isTypes = ({ path }: DemoFile): boolean => /\.d\.[cm]?ts$/.test(path);
  const rest = files.filter((file) => !isStart(file));
  return [
    { message: `Start ${origin} with its licence`, files: files.filter(isStart) },
    { message: `Add the files of ${origin}`, files: rest.filter((file) => !isTypes(file)) },
    { message: "Add the types", files: rest.filter(isTypes) },
  ].filter((commit) => commit.files.length > 0);
}

/** The stream of `git fast-import`: one process makes the whole history. */
function writeHistory(commits: readonly Commit[]): Buffer {
  const parts: Buffer[] = [];
  const data = (content: Buffer): void => {
    parts.push(Buffer.from(`data ${content.length}\n`), content, Buffer.from("\n"));
  };
  for (const [index, { message, files }] of commits.entries()) {
    const time = `${firstCommitAt + index * 86_400} +0000`;
    parts.push(Buffer.from(`commit refs/heads/main\nauthor ${author} ${time}\ncommitter ${author} ${time}\n`));
    data(Buffer.from(`${message}\n`));
    for (const { path, content, executable } of files) {
      parts.push(Buffer.from(`M ${executable ? "100755" : "100644"} inline ${path}\n`));
      data(content);
    }
  }
  parts.push(Buffer.from("done\n"));
  return Buffer.concat(parts);
}
