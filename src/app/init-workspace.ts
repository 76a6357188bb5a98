import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createFiles, type NewFile, refuseExisting } from "./create-files.ts";

/** A workspace that was made. */
export interface NewWorkspace {
  /** Absolute. */
  readonly folder: string;
  /** Paths of the files made, relative to the folder. */
  readonly files: readonly string[];
}

/** Where the secret of `auth.secret` lies, relative to the workspace. */
export const secretPath = ".mahavishnu/secrets/auth";

/** Where `init` takes a file from, relative to `examples/workspace` of the package, and where it goes. */
const templates: readonly (readonly [source: string, target: string])[] = [
  ["mahavishnu.yaml", "mahavishnu.yaml"],
  ["repos.yaml", "repos.yaml"],
  ["workflows/survey.yaml", "workflows/survey.yaml"],
];

/**
 * Makes a new workspace: configuration, manifest, a first workflow, and a random secret that only the owner can read.
 * A file that exists is never overwritten; a `.gitignore` that exists gets the line it lacks.
 *
 * @throws MahavishnuError `WORKSPACE_EXISTS` or `WORKSPACE_UNWRITABLE`; nothing is left half-made then.
 * @example
 * await initWorkspace({ folder: "/home/dana/fleet", packageRoot: findPackageRoot() });
 */
export async function initWorkspace(options: {
  readonly folder: string;
  readonly packageRoot: string;
}): Promise<NewWorkspace> {
  const { folder, packageRoot } = options;
  const files: NewFile[] = [];
  for (const [source, path] of templates) {
    files.push({ path, content: await readFile(join(packageRoot, "examples/workspace", source)) });
  }
  await refuseExisting(folder, [...files.map(({ path }) => path), secretPath]);
  files.push(newSecret());
  const ignore = await readGitignore(folder);
  const added: NewFile[] = [];
  if (ignore === undefined) files.push({ path: ".gitignore", content: gitignore });
  else if (!ignoresState(ignore))
    added.push({ path: ".gitignore", content: startLine(ignore) + gitignore, appends: true });
  await createFiles(folder, [...added, ...files]);
  return { folder, files: files.map(({ path }) => path) };
}

/** The file of a new random secret: 256 bits, readable by the owner alone. */
export function newSecret(): NewFile {
  return { path: secretPath, content: `${randomBytes(32).toString("base64url")}\n`, mode: 0o600 };
}

/** What a new workspace keeps out of commits. */
export const gitignore =
  "# The state of this workspace: database, output of steps, worktrees, secrets.\n.mahavishnu/\n";

async function readGitignore(folder: string): Promise<string | undefined> {
  return await readFile(join(folder, ".gitignore"), "utf8").catch(() => undefined);
}

function ignoresState(text: string): boolean {
  return text.split(/\r?\n/).some((line) => /^\/?\.mahavishnu\/?$/.test(line.trim()));
}

function startLine(text: string): string {
  return text === "" || text.endsWith("\n") ? "" : "\n";
}
