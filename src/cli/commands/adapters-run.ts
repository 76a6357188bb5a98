import {
  type AdapterHealthList,
  type AdapterList,
  checkAdapterHealth,
  listAdapters,
} from "../../app/use-cases/adapters.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { AdaptersHealthOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { OutputFormat } from "../output-request.ts";
import { span } from "../terminal/line.ts";
import { renderTable } from "../terminal/table.ts";

/** `mahavishnu adapters list`. */
export async function runAdaptersList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const list = await door.perform(listAdapters, {});
  if (writeMachine(options.format, list, io)) return exitCodes.success;
  const rows = list.items.map(({ name, version, enabled, offers, actions }) => [
    [name],
    [version],
    [enabled ? "enabled" : "disabled"],
    [offers.join(", ")],
    [span("faint", actions.join(" "))],
  ]);
  const columns = ["adapter", "version", "", "offers", "actions"].map((heading) => ({ heading }));
  writeLines(io.stdout, renderTable({ columns, rows }, io.stdout));
  return exitCodes.success;
}

/** `mahavishnu adapters health [NAME]`. */
export async function runAdaptersHealth(options: AdaptersHealthOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { name } = options;
  const list = await door.perform(checkAdapterHealth, name === undefined ? {} : { name });
  const code = list.items.every(({ state }) => state === "up") ? exitCodes.success : exitCodes.failure;
  if (writeMachine(options.format, list, io)) return code;
  const rows = list.items.map(({ name: adapter, state, reason, layers }) => [
    [adapter],
    [span(state === "up" ? "good" : "bad", state)],
    [reason],
    [span("faint", layers.map((layer) => `${layer.name} ${layer.ms} ms`).join(", "))],
  ]);
  writeLines(io.stdout, renderTable({ columns: [{}, {}, {}, {}], rows }, io.stdout));
  return code;
}

/** Writes a list for a machine, if one is to read it. */
function writeMachine(format: OutputFormat, list: AdapterList | AdapterHealthList, io: CommandIo): boolean {
  if (format === "json") writeJson(io.stdout, list);
  else if (format === "ndjson") writeNdjson(io.stdout, list.items);
  else return false;
  return true;
}
