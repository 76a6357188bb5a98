import { basename, dirname, join, relative, resolve } from "node:path";
import {
  loadWorkflow,
  loadWorkflows,
  loadWorkflowTexts,
  readWorkflowTexts,
  type TextFile,
  unreadableFile,
  type WorkflowFolder,
} from "../../workflows/load-workflows.ts";
import type { Workflow } from "../../workflows/types.ts";
import {
  describeWorkflowFile,
  judgeWorkflowFile,
  type WorkflowItem,
  type WorkflowVerdict,
} from "../describe-workflow.ts";
import { defineUseCase, type Resource } from "../use-case.ts";
import { describeWorkflowFolder } from "../workflow-folder.ts";

/** Workflows belong to no repository: who may see any part of the fleet may see them. */
const allWorkflows: Resource = { name: "workflows", repositories: "any" };

/** Every file of the workspace's folder. */
export interface WorkflowList {
  readonly items: readonly WorkflowItem[];
  readonly nextCursor: null;
}

/** `workflows list`: every file of the workspace's folder, those that are not valid with their errors. */
export const listWorkflows = defineUseCase<Record<string, never>, WorkflowList>({
  name: "listWorkflows",
  permission: "workflows:read",
  writes: false,
  resource: () => allWorkflows,
  run: async (context) => {
    const loaded = await loadWorkflows(await describeWorkflowFolder(context));
    return { items: loaded.map(describeWorkflowFile), nextCursor: null };
  },
});

/** `workflows show NAME`. */
export const showWorkflow = defineUseCase<{ readonly name: string }, Workflow>({
  name: "showWorkflow",
  permission: "workflows:read",
  writes: false,
  resource: ({ name }) => ({ name: `workflow:${name}`, repositories: "any" }),
  run: async (context, { name }) => await loadWorkflow(await describeWorkflowFolder(context), name),
});

/**
 * One file to check, as whoever asks has read it: nothing is read on their behalf. The path only says what the file is called and
 * whose place in the workspace's folder it takes; absolute, or relative to the workspace.
 */
export type GivenFile =
  | { readonly file: string; readonly text: string }
  /** A file that could not be read, and why. */
  | { readonly file: string; readonly unreadable: string };

/** Which files to check. */
export interface ValidateWorkflowsInput {
  /** Every file of the workspace's folder when left out. */
  readonly files?: readonly GivenFile[];
}

/** Which files hold workflows. */
export interface WorkflowValidation {
  readonly valid: boolean;
  readonly files: readonly WorkflowVerdict[];
}

/** `workflows validate [FILE...]`: files outside the folder can be checked too, before they are put there. */
export const validateWorkflows = defineUseCase<ValidateWorkflowsInput, WorkflowValidation>({
  name: "validateWorkflows",
  permission: "workflows:read",
  writes: false,
  resource: () => allWorkflows,
  run: async (context, { files }) => {
    const source = await describeWorkflowFolder(context);
    if (files === undefined) return judge((await loadWorkflows(source)).map(judgeWorkflowFile));
    const { workspace } = context.loaded;
    const folder = resolve(source.folder);
    const given = files.map((each) => ({ each, path: resolve(workspace, each.file) }));
    // Two files with one name are seen only by looking at the folder as a whole.
    const texts = new Map(
      (await readWorkflowTexts(source)).map((text) => [join(folder, basename(text.file)), text] as const),
    );
    for (const { each, path } of given) {
      if (dirname(path) !== folder || !isWorkflowName(basename(path))) continue;
      texts.set(path, takeText(each, `${source.shownAs}/${basename(path)}`));
    }
    const loaded = await loadWorkflowTexts([...texts.values()], source);
    const inFolder = new Map([...texts.keys()].map((path, index) => [path, loaded[index]] as const));
    const verdicts: WorkflowVerdict[] = [];
    for (const { each, path } of given) {
      context.signal.throwIfAborted();
      const entry = inFolder.get(path);
      verdicts.push(
        entry === undefined
          ? await judgeAlone(takeText(each, shownName(path, workspace)), source)
          : judgeWorkflowFile(entry),
      );
    }
    return judge(verdicts);
  },
});

/** Of a file that lies elsewhere, nothing but a whole workflow has a name here. */
async function judgeAlone(text: TextFile, source: WorkflowFolder): Promise<WorkflowVerdict> {
  const [entry] = await loadWorkflowTexts([text], source);
  if (entry === undefined) throw new Error("a file is either a workflow or not");
  const verdict = judgeWorkflowFile(entry);
  return verdict.valid ? verdict : { ...verdict, name: null };
}

function judge(files: readonly WorkflowVerdict[]): WorkflowValidation {
  return { valid: files.every(({ valid }) => valid), files };
}

function takeText(given: GivenFile, file: string): TextFile {
  return "text" in given ? { file, text: given.text } : unreadableFile(file, given.unreadable);
}

/** Hidden files and those with another ending are none of the folder's workflows. */
function isWorkflowName(name: string): boolean {
  return /^[^.].*\.ya?ml$/.test(name);
}

/** From the workspace where it lies in it, else whole. */
function shownName(path: string, workspace: string): string {
  const inside = relative(workspace, path);
  return inside === "" || inside.startsWith("..") ? path : inside;
}
