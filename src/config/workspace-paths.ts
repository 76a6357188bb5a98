import { join, resolve } from "node:path";
import { expandHome } from "../lib/home-folder.ts";
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
  /** Certificate and private key of the server; both undefined without TLS. */
  readonly tlsCert: string | undefined;
  readonly tlsKey: string | undefined;
  /** Where backups are kept. */
  readonly backups: string;
  /** Folders that every repository must lie under; empty means the manifest's root folder. */
  readonly allowedRoots: readonly string[];
}

/**
 * An absolute path: `~` is the home folder, what is relative starts at `folder`.
 *
 * @throws MahavishnuError USER_FILE_INVALID when the home folder is meant and not known.
 * @example
 * resolveUserPath("/srv/fleet", "./repos.yaml"); // "/srv/fleet/repos.yaml"
 */
export function resolveUserPath(folder: string, text: string): string {
  return resolve(folder, expandHome(text));
}

/** Makes the paths of a configuration absolute. */
export function resolveWorkspacePaths(workspace: string, config: Config): WorkspacePaths {
  const { waivers } = config.readiness;
  const { cert, key } = config.server.tls ?? {};
  const optional = (text: string | undefined): string | undefined =>
    text === undefined ? undefined : resolveUserPath(workspace, text);
  return {
    repositories: resolveUserPath(workspace, config.repositories),
    workflows: resolveUserPath(workspace, config.workflows),
    stateFolder: join(workspace, ".mahavishnu"),
    stateFile: resolveUserPath(workspace, config.state.url.slice("sqlite:".length)),
    waivers: optional(waivers),
    tlsCert: optional(cert),
    tlsKey: optional(key),
    backups: resolveUserPath(workspace, config.backup.folder),
    allowedRoots: config.paths.allowedRoots.map((root) => resolveUserPath(workspace, root)),
  };
}
