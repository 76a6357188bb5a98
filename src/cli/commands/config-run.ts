import { tryFindScopeProblems } from "../../app/check-scopes.ts";
import { perform } from "../../app/perform.ts";
import { readConfig } from "../../app/use-cases/config.ts";
import { listMissingFields } from "../../config/missing-fields.ts";
import { readSecrets } from "../../config/secret-references.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { ConfigShowOptions } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";
import { type View, viewConfig, viewValidation } from "./config-view.ts";

/** `mahavishnu config show`. */
export async function runConfigShow(options: ConfigShowOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const loaded = await perform(app, readConfig, {});
  write(viewConfig(loaded, { origin: options.origin === true, look: io.stdout }), options, io);
  return exitCodes.success;
}

/** `mahavishnu config validate`. A configuration that does not load is an error with all its places. */
export async function runConfigValidate(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const loaded = await perform(app, readConfig, {});
  const view = viewValidation({
    loaded,
    secrets: await readSecrets(loaded, io.env),
    missing: listMissingFields(loaded.config),
    scopes: await tryFindScopeProblems(app),
  });
  write(view, options, io);
  return view.exitCode;
}

/** `mahavishnu config schema`. Needs no workspace. */
export async function runConfigSchema(_options: GlobalOptions, io: CommandIo): Promise<number> {
  const { makeConfigJsonSchema } = await import("../../config/json-schema.ts");
  io.stdout.write(`${JSON.stringify(makeConfigJsonSchema(), null, 2)}\n`);
  return exitCodes.success;
}

function write(view: View, { format }: GlobalOptions, io: CommandIo): void {
  if (format === "json") writeJson(io.stdout, view.json);
  else writeLines(io.stdout, view.text);
}
