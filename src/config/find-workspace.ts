import { stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { resolveUserPath } from "./workspace-paths.ts";

/** The file that makes a folder a workspace. */
export const configFileName = "mahavishnu.yaml";

/** Where to look for the workspace. */
export interface WorkspaceRequest {
  /** The folder that the command was started in, absolute. */
  readonly cwd: string;
  /** The value of `-C`. */
  readonly directory?: string;
  /** The value of `--config`. */
  readonly configFile?: string;
}

/** A workspace that was found. */
export interface FoundWorkspace {
  /** The folder, absolute. */
  readonly workspace: string;
  /** The configuration file, absolute. */
  readonly configFile: string;
}

/**
 * Finds the workspace: the folder of `-C`, else the nearest folder upwards that holds `mahavishnu.yaml`, else the
 * folder of `--config`.
 *
 * @throws MahavishnuError WORKSPACE_NOT_FOUND that says where it looked and what is near.
 */
export async function findWorkspace({ cwd, directory, configFile }: WorkspaceRequest): Promise<FoundWorkspace> {
  const named = configFile === undefined ? undefined : resolveUserPath(cwd, configFile);
  if (named !== undefined && (await kindOf(named)) !== "file") {
    throw new MahavishnuError("WORKSPACE_NOT_FOUND", `--config ${configFile}: there is no such file`, {
      fix: "Name an existing configuration file with --config FILE.",
    });
  }
  if (directory !== undefined) return inDirectory(resolveUserPath(cwd, directory), directory, named);
  const nearest = await findUpwards(cwd);
  if (nearest !== undefined) return { workspace: nearest, configFile: named ?? join(nearest, configFileName) };
  if (named !== undefined) return { workspace: dirname(named), configFile: named };
  throw await notFound(cwd, `there is no ${configFileName} in ${cwd} or in a folder above it`);
}

async function inDirectory(folder: string, shown: string, named: string | undefined): Promise<FoundWorkspace> {
  const kind = await kindOf(folder);
  if (kind === "file") {
    throw new MahavishnuError("WORKSPACE_NOT_FOUND", `-C ${shown} is a file; -C takes the folder of a workspace`, {
      fix: `Use -C ${dirname(folder)}${basename(folder) === configFileName ? "" : `, or --config ${shown}`}.`,
    });
  }
  if (kind === "nothing") {
    throw new MahavishnuError("WORKSPACE_NOT_FOUND", `-C ${shown}: there is no such folder`);
  }
  if (named !== undefined) return { workspace: folder, configFile: named };
  const configFile = join(folder, configFileName);
  if ((await kindOf(configFile)) === "file") return { workspace: folder, configFile };
  throw await notFound(folder, `-C ${shown}: there is no ${configFileName} in that folder`);
}

/** The error, with advice about what is near: another spelling, or a workspace further up. */
async function notFound(folder: string, message: string): Promise<MahavishnuError> {
  for (const name of ["mahavishnu.yml", "mahavishnu.json", "mahavishnu.local.yaml"]) {
    if ((await kindOf(join(folder, name))) === "file") {
      const fix = `There is a ${name}: the configuration must be called ${configFileName}.`;
      return new MahavishnuError("WORKSPACE_NOT_FOUND", message, { fix });
    }
  }
  const above = await findUpwards(dirname(folder));
  if (above === undefined) return new MahavishnuError("WORKSPACE_NOT_FOUND", message);
  return new MahavishnuError("WORKSPACE_NOT_FOUND", message, { fix: `The nearest workspace is -C ${above}.` });
}

async function findUpwards(start: string): Promise<string | undefined> {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if ((await kindOf(join(folder, configFileName))) === "file") return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/** What stands at a path; what cannot be looked at counts as nothing. */
async function kindOf(path: string): Promise<"file" | "folder" | "nothing"> {
  try {
    return (await stat(path)).isDirectory() ? "folder" : "file";
  } catch {
    return "nothing";
  }
}
