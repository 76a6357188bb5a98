import { relative, resolve } from "node:path";
import { readUserFile } from "../../config/read-user-file.ts";
import { UserFileError } from "../../lib/errors.ts";
import {
  type LoadedWorkflow,
  loadWorkflow,
  loadWorkflows,
  type WorkflowFolder,
} from "../../workflows/load-workflows.ts";
import { parseWorkflow } from "../../workflows/parse-workflow.ts";
import type { Workflow } from "../../workflows/types.ts";
import { defineUseCase, type Resource } from "../use-case.ts";
import { describeWorkflowFolder } from "../workflow-folder.ts";

/** Workflows belong to no repository: who may see any part of the fleet may see them. */
const allWorkflows: Resource = { name: "workflows", repositories: "any" };

/** `workflows list`: every file of the workspace's folder, those that are not valid with their errors. */
export const listWorkflows = defineUseCase<Record<string, never>, readonly LoadedWorkflow[]>({
  name: "listWorkflows",
  permission: "workflows:read",
  writes: false,
  resource: () => allWorkflows,
  run: async (context) => await loadWorkflows(await describeWorkflowFolder(context)),
});

/** `workflows show NAME`. */
export const showWorkflow = defineUseCase<{ readonly name: string }, Workflow>({
  name: "showWorkflow",
  permission: "workflows:read",
  writes: false,
  resource: ({ name }) => ({ name: `workflow:${name}`, repositories: "any" }),
  run: async (context, { name }) => await loadWorkflow(await describeWorkflowFolder(context), name),
});

/** Which files to check. */
export interface ValidateWorkflowsInput {
  /** Absolute paths; every file of the workspace's folder when empty. */
  readonly files: readonly string[];
}

/** `workflows validate [FILE...]`: files outside the folder can be checked too, before they are put there. */
export const validateWorkflows = defineUseCase<ValidateWorkflowsInput, readonly LoadedWorkflow[]>({
  name: "validateWorkflows",
  permission: "workflows:read",
  writes: false,
  resource: () => allWorkflows,
  run: async (context, { files }) => {
    const source = await describeWorkflowFolder(context);
    if (files.length === 0) return await loadWorkflows(source);
    // Two files with one name are seen only by looking at the folder as a whole.
    const inFolder = new Map(
      (await loadWorkflows(source)).map((entry) => [resolve(source.folder, baseOf(entry)), entry] as const),
    );
    return files.map((path) => inFolder.get(path) ?? loadFile(path, source, context.loaded.workspace));
  },
});

function baseOf({ file }: LoadedWorkflow): string {
  return file.slice(file.lastIndexOf("/") + 1);
}

/** Larger files are no workflows that a person wrote. */
const maxFileBytes = 1024 * 1024;

function loadFile(
  path: string,
  { actions, secretNames, selectors }: WorkflowFolder,
  workspace: string,
): LoadedWorkflow {
  const inside = relative(workspace, path);
  const file = inside === "" || inside.startsWith("..") ? path : inside;
  try {
    const read = readUserFile(path, maxFileBytes);
    if (read.text === undefined) {
      throw new UserFileError([
        { file, line: 1, column: 1, length: 1, message: `this file cannot be read: ${read.reason}` },
      ]);
    }
    const workflow = parseWorkflow({ file, text: read.text, actions, secretNames, selectors });
    return { file, name: workflow.name, workflow };
  } catch (error) {
    if (!(error instanceof UserFileError)) throw error;
    return { file, name: null, workflow: null, error };
  }
}
