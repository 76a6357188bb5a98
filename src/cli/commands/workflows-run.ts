import { resolve } from "node:path";
import { perform } from "../../app/perform.ts";
import { listWorkflows, showWorkflow, validateWorkflows } from "../../app/use-cases/workflows.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type { WorkflowsShowOptions, WorkflowsValidateOptions } from "../command-options.ts";
import { exitCodes } from "../exit-codes.ts";
import type { GlobalOptions } from "../global-options.ts";
import { openWorkspace } from "../open-workspace.ts";
import type { View } from "./config-view.ts";
import { viewWorkflow, viewWorkflowList, viewWorkflowValidation } from "./workflows-view.ts";

/** `mahavishnu workflows list`. */
export async function runWorkflowsList(options: GlobalOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const view = viewWorkflowList(await perform(app, listWorkflows, {}), io.stdout);
  if (options.format === "ndjson") writeNdjson(io.stdout, view.items);
  else write(view, options, io);
  return view.isValid ? exitCodes.success : exitCodes.failure;
}

/** `mahavishnu workflows show NAME`. */
export async function runWorkflowsShow(options: WorkflowsShowOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  write(viewWorkflow(await perform(app, showWorkflow, { name: options.name }), io.stdout), options, io);
  return exitCodes.success;
}

/** `mahavishnu workflows validate [FILE...]`. */
export async function runWorkflowsValidate(options: WorkflowsValidateOptions, io: CommandIo): Promise<number> {
  await using app = await openWorkspace(options, io);
  const files = options.files.map((file) => resolve(io.cwd, file));
  const view = viewWorkflowValidation(await perform(app, validateWorkflows, { files }));
  write(view, options, io);
  return view.isValid ? exitCodes.success : exitCodes.failure;
}

function write({ text, json }: View, { format }: GlobalOptions, io: CommandIo): void {
  if (format === "json") writeJson(io.stdout, json);
  else writeLines(io.stdout, text);
}
