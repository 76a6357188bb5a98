import { lstatSync, statSync } from "node:fs";
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
export function findWorkspace({ cwd, directory, configFile }: WorkspaceRequest): FoundWorkspace {
  const named = configFile === undefined ? undefined : resolveUserPath(cwd, configFile);
  if (named !== undefined && kindOf(named) !== "file") {
    const problem = kindOf(named) === "folder" ? "that is a folder, not a file" : "there is no such file";
    throw new MahavishnuError("WORKSPACE_NOT_FOUND", `--config ${configFile}: ${problem}`, {
      fix: "Name an existing configuration file with --config FILE.",
    });
  }
  if (directory !== undefined) return inDirectory(resolveUserPath(cwd, directory), directory, named);
  const nearest = findUpwards(cwd);
  if (nearest !== undefined) return { workspace: nearest, configFile: named ?? join(nearest, configFileName) };
  if (named !== undefined) return { workspace: dirname(named), configFile: named };
  throw notFound(cwd, `there is no ${configFileName} in ${cwd} or in a folder above it`);
}

function inDirectory(folder: string, shown: string, named: string | undefined): FoundWorkspace {
  const kind = kindOf(folder);
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
  if (stands(configFile)) return { workspace: folder, configFile };
  throw notFound(folder, `-C ${shown}: there is no ${configFileName} in that folder`);
}

/** The error, with advice about what is near: another spelling, or a workspace further up. */
function notFound(folder: string, message: string): MahavishnuError {
  for (const name of ["mahavishnu.yml", "mahavishnu.json", "mahavishnu.local.yaml"]) {
    if (kindOf(join(folder, name)) === "file") {
      const fix = `There is a ${name}: the configuration must be called ${configFileName}.`;
      return new MahavishnuError("WORKSPACE_NOT_FOUND", message, { fix });
    }
  }
  const above = findUpwards(dirname(folder));
  if (above === undefined) return new MahavishnuError("WORKSPACE_NOT_FOUND", message);
  return new MahavishnuError("WORKSPACE_NOT_FOUND", message, { fix: `The nearest workspace is -C ${above}.` });
}

function findUpwards(start: string): string | undefined {
  for (let folder = resolve(start); ; folder = dirname(folder)) {
    if (stands(join(folder, configFileName))) return folder;
    if (dirname(folder) === folder) return undefined;
  }
}

/**
 * Whether anything has the name of a configuration here, be it a folder or a link that leads nowhere: reading it says so.
 * To pass it over would take the workspace of a folder above, which nobody meant.
 */
function stands(configFile: string): boolean {
  try {
    return lstatSync(configFile, { throwIfNoEntry: false }) !== undefined;
  } catch {
    return false;
  }
}

/** What stands at a path; what cannot be looked at counts as nothing. */
function kindOf(path: string): "file" | "folder" | "nothing" {
  try {
    return statSync(path).isDirectory() ? "folder" : "file";
  } catch {
    return "nothing";
  }
}
