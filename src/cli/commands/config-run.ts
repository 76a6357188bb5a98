import { findWorkspace } from "../../config/find-workspace.ts";
import { type LoadedConfig, loadConfig } from "../../config/load-config.ts";
import { listMissingFields } from "../../config/missing-fields.ts";
import { readSecrets } from "../../config/secret-references.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { ConfigShowOptions } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { type View, viewConfig, viewValidation } from "./config-view.ts";

/** `mahavishnu config show`. */
export async function runConfigShow(options: ConfigShowOptions, io: CommandIo): Promise<number> {
  const loaded = await load(options, io);
  write(viewConfig(loaded, { origin: options.origin === true }), options, io);
  return exitCodes.success;
}

/** `mahavishnu config validate`. A configuration that does not load is an error with all its places. */
export async function runConfigValidate(options: GlobalOptions, io: CommandIo): Promise<number> {
  const loaded = await load(options, io);
  const secrets = await readSecrets(loaded, io.env);
  const view = viewValidation({ loaded, secrets, missing: listMissingFields(loaded.config) });
  write(view, options, io);
  return view.isValid ? exitCodes.success : exitCodes.failure;
}

/** `mahavishnu config schema`. Needs no workspace. */
export async function runConfigSchema(_options: GlobalOptions, io: CommandIo): Promise<number> {
  const { makeConfigJsonSchema } = await import("../../config/json-schema.ts");
  writeJson(io.stdout, makeConfigJsonSchema());
  return exitCodes.success;
}

async function load(options: GlobalOptions, io: CommandIo): Promise<LoadedConfig> {
  const { workspace, configFile } = findWorkspace({
    cwd: io.cwd,
    ...(options.workspace === undefined ? {} : { directory: options.workspace }),
    ...(options.config === undefined ? {} : { configFile: options.config }),
  });
  const set = options.set.map(({ key, value }) => `${key}=${value}`);
  return await loadConfig({ workspace, configFile, env: io.env, set });
}

function write(view: View, { format }: GlobalOptions, io: CommandIo): void {
  if (format === "json") writeJson(io.stdout, view.json);
  else writeLines(io.stdout, view.text);
}
