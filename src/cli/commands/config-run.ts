import { readConfig, validateConfig } from "../../app/use-cases/config.ts";
import { type CommandIo, writeJson, writeLines } from "../command-io.ts";
import type { ConfigShowOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { type View, viewConfig, viewValidation } from "./config-view.ts";

/** `mahavishnu config show`. */
export async function runConfigShow(options: ConfigShowOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const config = await door.perform(readConfig, {});
  write(viewConfig(config, { origin: options.origin === true, look: io.stdout }), options, io);
  return exitCodes.success;
}

/** `mahavishnu config validate`. A configuration that does not load is an error with all its places. */
export async function runConfigValidate(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const view = viewValidation(await door.perform(validateConfig, {}));
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
