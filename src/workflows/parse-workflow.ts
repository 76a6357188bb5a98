import { UserFileError } from "../lib/errors.ts";
import { diagnose, parseYamlFile, validateYaml, type YamlFile } from "../lib/yaml-file.ts";
import { type Diagnostic, diagnosticAt } from "../lib/diagnostics.ts";
import { buildWorkflow } from "./build-workflow.ts";
import { findNonJson } from "./check-json.ts";
import { checkStructure, type KnownActions } from "./check-structure.ts";
import { checkTexts } from "./check-texts.ts";
import { Findings } from "./findings.ts";
import { locateText } from "./locate-text.ts";
import { notBuiltKeys } from "./not-built.ts";
import { WorkflowFile } from "./schema.ts";
import type { Workflow } from "./types.ts";

/** A workflow's file and what it may name. */
export interface WorkflowSource {
  /** The file as it is shown to the user. */
  readonly file: string;
  readonly text: string;
  /** Actions that steps may use; not checked when left out. */
  readonly actions?: KnownActions | undefined;
  /** Names of the secrets of the configuration; not checked when left out. */
  readonly secretNames?: readonly string[] | undefined;
}

/**
 * Parses the file of a workflow into the form that the engine executes.
 *
 * @throws UserFileError with every wrong place: first of the file's shape, then, when that is right, of names, expressions and
 * actions.
 * @example
 * parseWorkflow({ file: "hello.yaml", text: "version: 1\nname: hello\njobs: { greet: { steps: [{ run: echo hi }] } }" }).name; // "hello"
 */
export function parseWorkflow({ file, text, actions, secretNames }: WorkflowSource): Workflow {
  const yaml = parseYamlFile(file, text);
  refuseNonJson(yaml);
  const content = validateYaml(yaml, WorkflowFile, notBuiltKeys);
  const findings = new Findings(yaml);
  checkStructure(content, actions, findings);
  const secrets = checkTexts(content, secretNames, findings);
  const problems = findings.list();
  if (problems.length > 0) throw new UserFileError(problems);
  return buildWorkflow(content, (step) => [...(secrets.get(step) ?? [])].toSorted());
}

function refuseNonJson(yaml: YamlFile): void {
  const problems = [...findNonJson(yaml.value)];
  if (problems.length === 0) return;
  throw new UserFileError(problems.map(({ path, at, message }) => diagnose(yaml, path, at, message)));
}

/**
 * A diagnostic inside the selector of a job, for whoever resolves its names: the planner knows `@names`, roles and tags.
 *
 * @param range Characters of the selector's text.
 * @example
 * diagnoseSelector({ file, text }, "edit", { start: 0, end: 11 }, 'unknown selector "@tsServices"');
 */
export function diagnoseSelector(
  { file, text }: Pick<WorkflowSource, "file" | "text">,
  job: string,
  range: { readonly start: number; readonly end: number },
  message: string,
  hint?: string,
): Diagnostic {
  const place = locateText(parseYamlFile(file, text), ["jobs", job, "sweep", "select"], range);
  return diagnosticAt(file, text, place, message, hint);
}
