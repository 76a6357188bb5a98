import { UserFileError } from "../lib/errors.ts";
import { diagnose, parseYamlFile, validateYaml, type YamlFile } from "../lib/yaml-file.ts";
import type { SelectorContext } from "../selectors/compile-selector.ts";
import { buildWorkflow } from "./build-workflow.ts";
import { findNonJson } from "./check-json.ts";
import { checkStructure, type KnownActions } from "./check-structure.ts";
import { checkTexts } from "./check-texts.ts";
import { Findings } from "./findings.ts";
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
  /** What selectors may name; only their syntax is checked when left out. */
  readonly selectors?: SelectorContext | undefined;
}

/**
 * Parses the file of a workflow into the form that the engine executes.
 *
 * @throws UserFileError with every wrong place: first of the file's shape, then, when that is right, of names, expressions and
 * actions.
 * @example
 * parseWorkflow({ file: "hello.yaml", text: "version: 1\nname: hello\njobs: { greet: { steps: [{ run: echo hi }] } }" }).name; // "hello"
 */
export function parseWorkflow({ file, text, actions, secretNames, selectors }: WorkflowSource): Workflow {
  const yaml = parseYamlFile(file, text);
  refuseNonJson(yaml);
  const content = validateYaml(yaml, WorkflowFile, notBuiltKeys);
  const findings = new Findings(yaml);
  checkStructure(content, { actions, selectors }, findings);
  const secrets = checkTexts(content, secretNames, findings);
  const problems = findings.list();
  if (problems.length > 0) throw new UserFileError(problems);
  return buildWorkflow(content, (step) => [...(secrets.get(step) ?? [])].toSorted());
}

function refuseNonJson(yaml: YamlFile): void {
  const problems = [...findNonJson(yaml.value)].slice(0, 100);
  if (problems.length === 0) return;
  throw new UserFileError(problems.map(({ path, at, message }) => diagnose(yaml, path, at, message)));
}
