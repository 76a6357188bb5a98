import type { AppContext } from "../app/app-context.ts";
import { openApp } from "../app/open-app.ts";
import { findWorkspace } from "../config/find-workspace.ts";
import { loadConfig } from "../config/load-config.ts";
import { escapeControl } from "../lib/escape-control.ts";
import type { CommandIo } from "./command-io.ts";
import type { GlobalOptions } from "./global-options.ts";

/**
 * Opens the workspace that the flags name, or the nearest one upwards.
 *
 * @param logs where lines of the log go: to its files, or to standard error too
 * @throws MahavishnuError WORKSPACE_NOT_FOUND; UserFileError for a wrong configuration.
 */
export async function openWorkspace(
  options: GlobalOptions,
  io: CommandIo,
  logs: "files" | "stderr" = "files",
): Promise<AppContext> {
  const { workspace, configFile } = findWorkspace({
    cwd: io.cwd,
    ...(options.workspace === undefined ? {} : { directory: options.workspace }),
    ...(options.config === undefined ? {} : { configFile: options.config }),
  });
  const stderr = (text: string): void => io.stderr.write(text);
  const set = options.set.map(({ key, value }) => `${key}=${value}`);
  const loaded = await loadConfig({ workspace, configFile, env: io.env, set });
  return openApp({
    loaded,
    env: io.env,
    onLogFault: (text) => stderr(`${escapeControl(text)}\n`),
    ...(logs === "stderr" ? { stderr } : {}),
    signal: () => AbortSignal.any([io.interrupts.signal, io.stdout.closed]),
  });
}
