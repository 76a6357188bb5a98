import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { runGit } from "../../repositories/run-git.ts";
import type { Scratch } from "../scratch.ts";

/** What a scratch workspace holds. */
export interface ScratchWorkspaceRequest {
  /** Names of repositories; each is a real git repository with one commit of one file. */
  readonly repositories: readonly string[];
  /** Parts of the manifest's entries, by repository: `{ b: { needs: ["a"] } }`. */
  readonly manifest?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Workflows by name, without `version` and `name`. */
  readonly workflows: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** Parts of the configuration that take the place of the scratch one's. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** A workspace of its own in scratch space, made as a user makes one. */
export interface ScratchWorkspace {
  readonly folder: string;
  readonly scratch: Scratch;
  /** Absolute path of one of its repositories. */
  repository(name: string): string;
}

/** Makes a workspace with real repositories in scratch space. Nothing of the user's workspace is in it but what `config` hands in. */
export async function makeScratchWorkspace(
  scratch: Scratch,
  request: ScratchWorkspaceRequest,
): Promise<ScratchWorkspace> {
  const { folder } = scratch;
  await mkdir(join(folder, "workflows"), { recursive: true });
  const config = { version: 1, profile: "development", auth: { enabled: false }, ...request.config };
  const repos = Object.fromEntries(
    request.repositories.map((name) => [name, { ...request.manifest?.[name] }] as const),
  );
  await writeFile(join(folder, "mahavishnu.yaml"), stringify(config));
  await writeFile(join(folder, "repos.yaml"), stringify({ version: 1, root: "./repos", repos }));
  for (const [name, workflow] of Object.entries(request.workflows)) {
    await writeFile(join(folder, "workflows", `${name}.yaml`), stringify({ version: 1, name, ...workflow }));
  }
  await Promise.all(request.repositories.map((name) => makeRepository(join(folder, "repos", name), name)));
  return { folder, scratch, repository: (name) => join(folder, "repos", name) };
}

/** A commit needs somebody who made it; the user's own identity need not be set up. */
const identity = ["-c", "user.name=mahavishnu", "-c", "user.email=mahavishnu@localhost", "-c", "commit.gpgSign=false"];

async function makeRepository(folder: string, name: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await runGit({ folder, args: ["init", "--quiet", "--initial-branch=main", "--template="] });
  await writeFile(join(folder, "README.md"), `# ${name}\n`);
  await runGit({ folder, args: ["add", "--all"] });
  await runGit({ folder, args: [...identity, "commit", "--quiet", "--message=first"] });
}
