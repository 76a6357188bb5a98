import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { readUserFile } from "../config/read-user-file.ts";
import { type Diagnostic, diagnosticAt } from "../lib/diagnostics.ts";
import { MahavishnuError, messageOf, UserFileError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import { parseYamlFile, rangeOf } from "../lib/yaml-file.ts";
import { parseWorkflow, type WorkflowSource } from "./parse-workflow.ts";
import type { Workflow } from "./types.ts";

/** What workflows may name. */
type Known = Pick<WorkflowSource, "actions" | "secretNames" | "selectors">;

/** The folder of a workspace's workflows. */
export interface WorkflowFolder extends Known {
  /** Absolute path. */
  readonly folder: string;
  /** The folder as it is shown to the user: `workflows`. */
  readonly shownAs: string;
}

/** One file of the folder: a workflow, or why it is none. */
export type LoadedWorkflow = {
  /** The file as it is shown to the user. */
  readonly file: string;
  /** The name that the file gives, even when the rest of it is wrong; null when there is none. */
  readonly name: string | null;
} & ({ readonly workflow: Workflow } | { readonly workflow: null; readonly error: UserFileError });

/** Larger files are no workflows that a person wrote; parsing one could take minutes. */
export const maxWorkflowBytes: number = 1024 * 1024;

/**
 * Reads every `*.yaml` and `*.yml` of the folder (not below it), in the order of their names. A broken file is in the list
 * with its error and hides no other; two files with one name are both in it with an error that names both.
 *
 * @throws MahavishnuError WORKFLOWS_UNREADABLE when the folder cannot be read. A folder that is not there has no workflows.
 */
export async function loadWorkflows(source: WorkflowFolder): Promise<readonly LoadedWorkflow[]> {
  return await loadWorkflowTexts(await readWorkflowTexts(source), source);
}

/** Loads files whose texts are at hand as `loadWorkflows` loads those of the folder, each in its place. */
export async function loadWorkflowTexts(texts: readonly TextFile[], source: Known): Promise<readonly LoadedWorkflow[]> {
  const loaded: LoadedWorkflow[] = [];
  for (const text of texts) {
    loaded.push(loadOne(text, source));
    // A server has others who wait, and there may be very many texts.
    await setImmediate();
  }
  return refuseTwins(loaded, texts);
}

/**
 * Loads one workflow by the name that its file gives it. Files that do not hold the name are not parsed.
 *
 * @throws MahavishnuError WORKFLOW_NOT_FOUND with the nearest name.
 * @throws UserFileError when its file is wrong, or when two files give this name.
 */
export async function loadWorkflow(source: WorkflowFolder, name: string): Promise<Workflow> {
  const texts = await readWorkflowTexts(source);
  const candidates = texts.filter((entry) => "error" in entry || entry.text.includes(name));
  const loaded = await loadWorkflowTexts(candidates, source);
  // Of a file that cannot be read, its own name is all that is known.
  const found =
    loaded.find((entry) => entry.name === name) ??
    loaded.find((entry) => entry.name === null && basename(entry.file).replace(/\.ya?ml$/, "") === name);
  if (found === undefined) throw notFound(name, texts, source);
  if (found.workflow === null) throw found.error;
  return found.workflow;
}

/** A file by the name that is shown to the user: its text, or why there is none. */
export type TextFile = { readonly file: string } & ({ readonly text: string } | { readonly error: UserFileError });

/**
 * Reads the files that `loadWorkflows` loads.
 *
 * @throws MahavishnuError WORKFLOWS_UNREADABLE when the folder cannot be read.
 */
export async function readWorkflowTexts({ folder, shownAs }: WorkflowFolder): Promise<readonly TextFile[]> {
  let names: string[];
  try {
    names = await readdir(folder);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const problem = code === "ENOTDIR" ? "this is not a folder" : messageOf(error);
    throw new MahavishnuError("WORKFLOWS_UNREADABLE", `${shownAs}: ${problem}`, { cause: error });
  }
  const files = names.filter((name) => /\.ya?ml$/.test(name) && !name.startsWith(".")).toSorted();
  return files.map((name) => readText(join(folder, name), `${shownAs}/${name}`));
}

function readText(path: string, file: string): TextFile {
  const read = readUserFile(path, maxWorkflowBytes);
  if (read.text !== undefined) return { file, text: read.text };
  return unreadableFile(file, read.reason);
}

/** A file that cannot be read, as a problem of the file. */
export function unreadableFile(file: string, reason: string): TextFile {
  const message = `this file cannot be read: ${reason}`;
  return { file, error: new UserFileError([{ file, line: 1, column: 1, length: 1, message }]) };
}

function loadOne(entry: TextFile, { actions, secretNames, selectors }: Known): LoadedWorkflow {
  const { file } = entry;
  if ("error" in entry) return { file, name: null, workflow: null, error: entry.error };
  try {
    const workflow = parseWorkflow({ file, text: entry.text, actions, secretNames, selectors });
    return { file, name: workflow.name, workflow };
  } catch (error) {
    if (!(error instanceof UserFileError)) throw error;
    return { file, name: readName(file, entry.text), workflow: null, error };
  }
}

/** The name that a broken file gives, so that `run NAME` shows what is wrong with it instead of not finding it. */
function readName(file: string, text: string): string | null {
  try {
    const { value } = parseYamlFile(file, text);
    const name = typeof value === "object" && value !== null && "name" in value ? value.name : null;
    return typeof name === "string" ? name : null;
  } catch {
    return /^name:\s*["']?([\w.-]+)/m.exec(text)?.[1] ?? null;
  }
}

function refuseTwins(loaded: readonly LoadedWorkflow[], texts: readonly TextFile[]): readonly LoadedWorkflow[] {
  const byName = Map.groupBy(loaded, (entry) => entry.name);
  return loaded.map((entry, index) => {
    const { file, name } = entry;
    const others = (byName.get(name) ?? []).filter((other) => other !== entry).map((other) => other.file);
    const text = texts[index];
    if (name === null || others.length === 0 || entry.workflow === null || text === undefined || !("text" in text))
      return entry;
    return { file, name, workflow: null, error: new UserFileError([diagnoseTwin(file, text.text, name, others)]) };
  });
}

function diagnoseTwin(file: string, text: string, name: string, others: readonly string[]): Diagnostic {
  const range = rangeOf(parseYamlFile(file, text), ["name"], "value");
  const hint = "a name belongs to one workflow of the workspace";
  return diagnosticAt(file, text, range, `${others.join(" and ")} is called "${name}" too`, hint);
}

function notFound(name: string, texts: readonly TextFile[], source: WorkflowFolder): MahavishnuError {
  if (texts.length === 0) {
    const fix = `Write one into ${source.shownAs}/, such as ${source.shownAs}/${/^[\w.-]+$/.test(name) ? name : "hello"}.yaml.`;
    const why = existsSync(source.folder)
      ? `${source.shownAs} holds no *.yaml file`
      : `there is no folder ${source.shownAs}`;
    return new MahavishnuError("WORKFLOW_NOT_FOUND", `no workflow "${name}": ${why}`, { fix });
  }
  const names = texts.flatMap((entry) => ("text" in entry ? (readName(entry.file, entry.text) ?? []) : []));
  return new MahavishnuError("WORKFLOW_NOT_FOUND", `no workflow "${name}": ${didYouMean(name, names)}`);
}
