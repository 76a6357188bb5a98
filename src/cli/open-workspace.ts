import type { AppContext } from "../app/app-context.ts";
import { openApp } from "../app/open-app.ts";
import { findWorkspace } from "../config/find-workspace.ts";
import { loadConfig } from "../config/load-config.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { CommandIo } from "./command-io.ts";
import type { GlobalOptions } from "./global-options.ts";

/**
 * Opens the workspace that the flags name, or the nearest one upwards.
 *
 * @throws MahavishnuError WORKSPACE_NOT_FOUND; UserFileError for a wrong configuration.
 */
export async function openWorkspace(options: GlobalOptions, io: CommandIo): Promise<AppContext> {
  refuseServer(options);
  const { workspace, configFile } = findWorkspace({
    cwd: io.cwd,
    ...(options.workspace === undefined ? {} : { directory: options.workspace }),
    ...(options.config === undefined ? {} : { configFile: options.config }),
  });
  const set = options.set.map(({ key, value }) => `${key}=${value}`);
  const loaded = await loadConfig({ workspace, configFile, env: io.env, set });
  return openApp({ loaded, env: io.env, signal: () => AbortSignal.any([io.interrupts.signal, io.stdout.closed]) });
}

/** A command that works here alone must not act here while a server was named. @throws MahavishnuError USAGE */
export function refuseServer({ url }: Pick<GlobalOptions, "url">): void {
  if (url !== undefined) throw localOnly();
}

/** What is said when a server is named for what no server does. */
export function localOnly(): MahavishnuError {
  return new MahavishnuError("USAGE", "this command works in a workspace of this machine only", {
    fix: "Leave out --url (or unset MAHAVISHNU_URL), and run it where the workspace is.",
  });
}
