import { orderByNeeds } from "../lib/graph.ts";
import { didYouMean } from "../lib/suggest.ts";
import type { ValuePath } from "../lib/yaml-file.ts";
import { type SelectorContext, tryCompileSelector } from "../selectors/compile-selector.ts";
import { tryParseSelector } from "../selectors/parse-selector.ts";
import type { SelectorProblem } from "../selectors/selector-problem.ts";
import { listNeeds, stepId } from "./build-workflow.ts";
import { checkJson, foreignSchemaMs, type JsonSchema } from "./check-json.ts";
import type { Findings } from "./findings.ts";
import type { JobFile, StepFile, WorkflowFile } from "./schema.ts";
import { hasExpression } from "./template.ts";

/** What the parser knows about an action. */
export interface KnownAction {
  readonly inputSchema: JsonSchema;
  readonly needsRepository: boolean;
}

/** Actions by name. */
export type KnownActions = ReadonlyMap<string, KnownAction>;

/** What a workflow may name; what is left out is not checked. */
interface Known {
  readonly actions: KnownActions | undefined;
  readonly selectors: SelectorContext | undefined;
}

/** Checks everything that a schema cannot say and that is no expression: references, combinations of keys, actions. */
export function checkStructure(file: WorkflowFile, known: Known, findings: Findings): void {
  const { actions } = known;
  const jobs = Object.entries(file.jobs);
  if (jobs.length === 0) findings.add(["jobs"], "value", "a workflow needs at least one job");
  checkDefaults(file.inputs, findings);
  refuseTwins(Object.keys(file.inputs), (name) => ["inputs", name], "input", findings);
  refuseTwins(Object.keys(file.jobs), (name) => ["jobs", name], "job", findings);
  for (const [id, job] of jobs) checkJob(id, job, file, known, findings);
  checkCircles(file, findings);
  checkSteps(file.finally, ["finally"], { actions, place: "finally" }, findings);
}

/** Checks all defaults at once: a schema costs milliseconds to compile. */
function checkDefaults(inputs: WorkflowFile["inputs"], findings: Findings): void {
  const withDefault = Object.entries(inputs).filter(([, schema]) => schema.default !== undefined);
  if (withDefault.length === 0) return;
  const schema = { type: "object", properties: Object.fromEntries(withDefault) };
  const result = checkJson(schema, Object.fromEntries(withDefault.map(([name, input]) => [name, input.default])), {
    mostMs: foreignSchemaMs,
  });
  if (result.ok) return;
  for (const { path, message, hint } of result.problems) {
    const [name, ...rest] = path;
    findings.add(
      name === undefined ? ["inputs"] : ["inputs", name, "default", ...rest],
      "value",
      `the default does not fit: ${message}`,
      hint,
    );
  }
}

/** Names that differ only in case are the same to an expression. */
function refuseTwins(
  names: readonly string[],
  pathOf: (name: string, index: number) => ValuePath,
  what: string,
  findings: Findings,
): void {
  const seen = new Map<string, string>();
  for (const [index, name] of names.entries()) {
    const twin = seen.get(name.toLowerCase());
    if (twin === undefined) seen.set(name.toLowerCase(), name);
    else
      findings.add(
        pathOf(name, index),
        "key",
        `${what} "${name}" is there already${twin === name ? "" : `, as "${twin}"`}`,
      );
  }
}

function checkJob(
  id: string,
  job: JobFile,
  file: WorkflowFile,
  { actions, selectors }: Known,
  findings: Findings,
): void {
  const path: ValuePath = ["jobs", id];
  if (id.toLowerCase() === "finally") findings.add(path, "key", 'a job cannot be called "finally"');
  for (const [index, need] of listNeeds(job).entries()) {
    if (findings.areEnough) break;
    const at: ValuePath = typeof job.needs === "string" ? [...path, "needs"] : [...path, "needs", index];
    if (need === id) findings.add(at, "value", `job "${id}" needs itself`);
    else if (!Object.hasOwn(file.jobs, need)) {
      const others = Object.keys(file.jobs).filter((name) => name !== id);
      findings.add(at, "value", `unknown job "${need}"`, didYouMean(need, others));
    }
  }
  if (job.checkout !== undefined && job.sweep === undefined) {
    findings.add(
      [...path, "checkout"],
      "key",
      "a job without a sweep has no checkout",
      "add `sweep:`, or leave this out",
    );
  }
  const select = job.sweep?.select;
  if (select !== undefined && !hasExpression(select))
    checkSelector(select, selectors, [...path, "sweep", "select"], findings);
  checkSteps(job.steps, [...path, "steps"], { actions, place: job.sweep === undefined ? "once" : "sweep" }, findings);
}

function checkSelector(text: string, known: SelectorContext | undefined, path: ValuePath, findings: Findings): void {
  for (const { range, message, hint } of listProblems(text, known)) findings.addInText(path, range, message, hint);
}

function listProblems(text: string, known: SelectorContext | undefined): readonly SelectorProblem[] {
  if (known === undefined) {
    const parsed = tryParseSelector(text);
    return parsed.node === undefined ? [parsed.problem] : [];
  }
  const result = tryCompileSelector(text, known);
  return "problems" in result ? result.problems : [];
}

function checkCircles(file: WorkflowFile, findings: Findings): void {
  const needsOf = (id: string): readonly string[] => {
    const job = file.jobs[id];
    return job === undefined ? [] : listNeeds(job).filter((need) => need !== id);
  };
  const result = orderByNeeds(Object.keys(file.jobs), needsOf);
  if (!("circle" in result)) return;
  const [first = ""] = result.circle;
  findings.add(
    ["jobs", first, "needs"],
    "value",
    `these jobs need each other in a circle: ${result.circle.join(" -> ")}`,
  );
}

interface StepsPlace {
  readonly actions: KnownActions | undefined;
  readonly place: "sweep" | "once" | "finally";
}

function checkSteps(steps: readonly StepFile[], path: ValuePath, about: StepsPlace, findings: Findings): void {
  const ids = steps.map(stepId);
  const pathOf = (_: string, index: number): ValuePath =>
    steps[index]?.id === undefined ? [...path, index] : [...path, index, "id"];
  refuseTwins(ids, pathOf, "step", findings);
  for (const [index, step] of steps.entries()) {
    checkKeys(step, [...path, index], findings);
    checkAction(step, [...path, index], about, findings);
  }
}

function checkKeys(step: StepFile, path: ValuePath, findings: Findings): void {
  const { run, uses, shell, workingDirectory } = step;
  if (run === undefined && uses === undefined) findings.add(path, "value", "a step needs `run` or `uses`");
  if (run !== undefined && uses !== undefined)
    findings.add([...path, "uses"], "key", "a step has `run` or `uses`, not both");
  const onlyWithRun = (key: string): void =>
    findings.add([...path, key], "key", `"${key}" belongs to \`run\``, "actions take what they need in `with`");
  if (run === undefined && uses !== undefined) {
    if (shell !== undefined) onlyWithRun("shell");
    if (workingDirectory !== undefined) onlyWithRun("workingDirectory");
  }
  if (run !== undefined && uses === undefined && step.with !== undefined) {
    findings.add([...path, "with"], "key", '"with" belongs to `uses`', "give values to a command in `env`");
  }
  if (Array.isArray(run) && shell !== undefined) {
    findings.add(
      [...path, "shell"],
      "key",
      "a list of words is started without a shell",
      "write `run` as one text to have one",
    );
  }
  if (workingDirectory !== undefined && /^\/|^~|(?:^|\/)\.\.(?:\/|$)/.test(workingDirectory)) {
    findings.add(
      [...path, "workingDirectory"],
      "value",
      "this leaves the checkout",
      "write a path relative to the checkout",
    );
  }
}

function checkAction(step: StepFile, path: ValuePath, { actions, place }: StepsPlace, findings: Findings): void {
  if (step.uses === undefined || actions === undefined) return;
  const action = actions.get(step.uses);
  if (action === undefined) {
    findings.add(
      [...path, "uses"],
      "value",
      `unknown action "${step.uses}"`,
      didYouMean(step.uses, [...actions.keys()]),
    );
    return;
  }
  if (action.needsRepository && place !== "sweep") {
    const why = place === "finally" ? "steps under finally run without one" : "this job has no sweep";
    findings.add([...path, "uses"], "value", `${step.uses} works on a repository, and ${why}`);
  }
  checkWith(step.with ?? {}, action, [...path, "with"], findings);
}

/** Checks the literal parts of `with`; what holds an expression is known only in a run, and checked then. */
function checkWith(
  input: Readonly<Record<string, unknown>>,
  action: KnownAction,
  path: ValuePath,
  findings: Findings,
): void {
  const result = checkJson(action.inputSchema, input);
  if (result.ok) return;
  for (const problem of result.problems) {
    if (problem.at === "value" && isDynamic(valueAt(input, problem.path))) continue;
    findings.add([...path, ...problem.path], problem.at, problem.message, problem.hint);
  }
}

function isDynamic(value: unknown): boolean {
  if (typeof value === "string") return hasExpression(value);
  return typeof value === "object" && value !== null && Object.values(value).some(isDynamic);
}

function valueAt(value: unknown, path: ValuePath): unknown {
  let at = value;
  for (const part of path)
    at = typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[part] : undefined;
  return at;
}
