import { resolve } from "node:path";
import { type GivenFile, listWorkflows, showWorkflow, validateWorkflows } from "../../app/use-cases/workflows.ts";
import { readUserFile } from "../../config/read-user-file.ts";
import { maxWorkflowBytes } from "../../workflows/load-workflows.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { WorkflowsShowOptions, WorkflowsValidateOptions } from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import type { View } from "./config-view.ts";
import { viewWorkflow, viewWorkflowList, viewWorkflowValidation } from "./workflows-view.ts";

/** `mahavishnu workflows list`. */
export async function runWorkflowsList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const view = viewWorkflowList(await door.perform(listWorkflows, {}), io.stdout);
  if (options.format === "ndjson") writeNdjson(io.stdout, view.items);
  else write(view, options, io);
  return view.isValid ? exitCodes.success : exitCodes.failure;
}

/** `mahavishnu workflows show NAME`. */
export async function runWorkflowsShow(options: WorkflowsShowOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  write(viewWorkflow(await door.perform(showWorkflow, { name: options.name }), io.stdout), options, io);
  return exitCodes.success;
}

/** `mahavishnu workflows validate [FILE...]`. */
export async function runWorkflowsValidate(options: WorkflowsValidateOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const files = options.files.map((file): GivenFile => {
    const path = resolve(io.cwd, file);
    const read = readUserFile(path, maxWorkflowBytes);
    // A server has other folders: there, a path begins at its workspace.
    const shown = door.local === null ? file : path;
    return read.text === undefined ? { file: shown, unreadable: read.reason } : { file: shown, text: read.text };
  });
  const view = viewWorkflowValidation(await door.perform(validateWorkflows, files.length === 0 ? {} : { files }));
  write(view, options, io);
  return view.isValid ? exitCodes.success : exitCodes.failure;
}

function write({ text, json }: View, { format }: GlobalOptions, io: CommandIo): void {
  if (format === "json") writeJson(io.stdout, json);
  else writeLines(io.stdout, text);
}
