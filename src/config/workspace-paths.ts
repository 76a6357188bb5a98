import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Config } from "./schema.ts";

/** The absolute paths that a configuration names. */
export interface WorkspacePaths {
  /** The manifest of the fleet. */
  readonly repositories: string;
  /** The folder of the workflows. */
  readonly workflows: string;
  /** The folder `.mahavishnu`: run files, worktrees, locks. Mode 0700. */
  readonly stateFolder: string;
  /** The database. */
  readonly stateFile: string;
  readonly waivers: string | undefined;
  /** Folders that every repository must lie under; empty means the manifest's root folder. */
  readonly allowedRoots: readonly string[];
}

/**
 * An absolute path: `~` is the home folder, what is relative starts at `folder`.
 *
 * @example
 * resolveUserPath("/srv/fleet", "./repos.yaml"); // "/srv/fleet/repos.yaml"
 */
export function resolveUserPath(folder: string, text: string): string {
  if (text === "~" || text.startsWith("~/")) return join(homedir(), text.slice(1));
  return resolve(folder, text);
}

/** Makes the paths of a configuration absolute. */
export function resolveWorkspacePaths(workspace: string, config: Config): WorkspacePaths {
  const { waivers } = config.readiness;
  return {
    repositories: resolveUserPath(workspace, config.repositories),
    workflows: resolveUserPath(workspace, config.workflows),
    stateFolder: join(workspace, ".mahavishnu"),
    stateFile: resolveUserPath(workspace, config.state.url.slice("sqlite:".length)),
    waivers: waivers === undefined ? undefined : resolveUserPath(workspace, waivers),
    allowedRoots: config.paths.allowedRoots.map((root) => resolveUserPath(workspace, root)),
  };
}
