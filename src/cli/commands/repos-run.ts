import { resolve } from "node:path";
import {
  checkFleetRepositories,
  listRepositories,
  type RepositoryList,
  scanRepositories,
} from "../../app/use-cases/repos.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { ReposCheckOptions, ReposScanOptions, ReposSelectOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import type { OutputFormat } from "../output-request.ts";
import { escapeControl } from "../../lib/escape-control.ts";
import type { View } from "./config-view.ts";
import { type ListView, viewReposCheck, viewReposGraph, viewReposList, viewReposScan } from "./repos-view.ts";

/** `mahavishnu repos list`. */
export async function runReposList(options: ReposSelectOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const list = await door.perform(listRepositories, selectionOf(options));
  writeList(viewReposList(list, io.stdout), { ...list, format: options.format }, io);
  return exitCodes.success;
}

/** `mahavishnu repos check`. */
export async function runReposCheck(options: ReposCheckOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { maxParallel } = options;
  const check = await door.perform(checkFleetRepositories, {
    ...selectionOf(options),
    ...(maxParallel === undefined ? {} : { maxParallel }),
  });
  const view = viewReposCheck(check, io.stdout);
  writeList(view, { ...check, format: options.format }, io);
  for (const { name, reason } of check.undecided) {
    io.stderr.write(`cannot tell whether ${name} is selected: ${reason}\n`);
  }
  return view.isSound ? exitCodes.success : exitCodes.failure;
}

/** `mahavishnu repos graph`. */
export async function runReposGraph(options: ReposSelectOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const list = await door.perform(listRepositories, selectionOf(options));
  const format: string = options.format;
  const view = viewReposGraph(list, format === "dot" || format === "mermaid" ? format : "text");
  writeList({ ...view, items: [] }, { ...list, format: options.format }, io);
  return exitCodes.success;
}

/** `mahavishnu repos scan DIR`. */
export async function runReposScan(options: ReposScanOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  // A server has other folders: there, a path begins at the root of its manifest.
  const folder = door.local === null ? options.folder : resolve(io.cwd, options.folder);
  const scan = await door.perform(scanRepositories, { folder });
  write(viewReposScan(scan, io.stdout), options.format, io);
  return exitCodes.success;
}

function selectionOf({ select }: ReposSelectOptions): { readonly filter?: string } {
  return select === undefined ? {} : { filter: select };
}

/** A list, how many repositories are left out of it because the subject may not see them, and what the selector names in vain. */
function writeList(
  view: ListView,
  { format, hidden, unmatched }: Pick<RepositoryList, "hidden" | "unmatched"> & { readonly format: OutputFormat },
  io: CommandIo,
): void {
  if (format === "ndjson") writeNdjson(io.stdout, view.items);
  else write(view, format, io);
  if (hidden > 0) io.stderr.write(`${hidden} more that you may not see\n`);
  writeLines(io.stderr, unmatched.map(escapeControl));
}

function write({ text, json }: View, format: OutputFormat, io: CommandIo): void {
  if (format === "json") writeJson(io.stdout, json);
  else writeLines(io.stdout, text);
}
