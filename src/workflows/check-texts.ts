import { listNeeds, stepId } from "./build-workflow.ts";
import { checkAccess, type Scope } from "./check-access.ts";
import { findCodeWords } from "./code-words.ts";
import { compileExpression, type CompiledExpression } from "./compile-expression.ts";
import { ExpressionProblem } from "./expression-problem.ts";
import type { Findings } from "./findings.ts";
import { listTexts, places, type TextPlace } from "./list-texts.ts";
import type { StepFile, WorkflowFile } from "./schema.ts";
import { isShellSafe } from "./shell-safety.ts";
import { hasExpression, splitTemplate } from "./template.ts";

/** Names of the secrets that each step names. */
export type SecretsOfSteps = ReadonlyMap<StepFile, ReadonlySet<string>>;

/**
 * Checks every expression of a workflow: syntax, contexts and names, and that nothing is pasted into a script that a shell
 * could read as code.
 */
export function checkTexts(
  file: WorkflowFile,
  secretNames: readonly string[] | undefined,
  findings: Findings,
): SecretsOfSteps {
  const secrets = new Map<StepFile, Set<string>>();
  const names = listNames(file);
  for (const text of listTexts(file)) {
    if (findings.areEnough) break;
    const step = stepOf(file, text);
    const expressions = compileText(text, findings);
    if (expressions.length === 0) continue;
    const scope = makeScope(file, text, names, secretNames);
    for (const { compiled, offset } of expressions) {
      const known = checkNames(compiled, offset, text, scope, findings);
      if (known && text.place === places.run && step?.run !== undefined) {
        checkPaste(compiled, offset, text, step.run, file, findings);
      }
      if (step !== undefined) addSecrets(secrets, step, compiled);
    }
  }
  return secrets;
}

interface Found {
  readonly compiled: CompiledExpression;
  /** Where the expression begins in the text. */
  readonly offset: number;
}

/** The expressions of a text; those that do not parse are found out here. */
function compileText({ text, path, place }: TextPlace, findings: Findings): Found[] {
  const found: Found[] = [];
  const attempt = (offset: number, parse: () => void): void => {
    try {
      parse();
    } catch (error) {
      if (!(error instanceof ExpressionProblem)) throw error;
      const { start, end, message, hint } = error.movedBy(offset);
      findings.addInText(path, { start, end }, message, hint);
    }
  };
  if (place.condition && !hasExpression(text)) {
    attempt(0, () => found.push({ compiled: compileExpression(text), offset: 0 }));
    return found;
  }
  if (!hasExpression(text)) return found;
  attempt(0, () => {
    const parts = splitTemplate(text);
    if (place.condition && parts.some((part) => part.kind === "text" && part.text.trim() !== "")) {
      const hint = "write the whole condition without ${{ }}";
      throw new ExpressionProblem(
        "text beside ${{ }} makes a condition that always holds",
        { start: 0, end: text.length },
        hint,
      );
    }
    for (const part of parts) {
      if (part.kind === "text") continue;
      attempt(part.start, () => found.push({ compiled: compileExpression(part.source), offset: part.start }));
    }
  });
  return found;
}

/** Whether everything that the expression names is known. */
function checkNames(
  compiled: CompiledExpression,
  offset: number,
  { path, place }: TextPlace,
  scope: Scope,
  findings: Findings,
): boolean {
  let known = true;
  for (const access of compiled.accesses) {
    const problem = checkAccess(access, scope);
    if (problem === undefined) continue;
    known = false;
    findings.addInText(
      path,
      { start: problem.start + offset, end: problem.end + offset },
      problem.message,
      problem.hint,
    );
  }
  if (place.condition) return known;
  for (const { name, start, end } of compiled.statusCalls) {
    const range = { start: start + offset, end: end + offset };
    findings.addInText(path, range, `${name}() can stand only in \`if\``);
  }
  return known;
}

function checkPaste(
  compiled: CompiledExpression,
  offset: number,
  { path }: TextPlace,
  run: string | readonly string[],
  file: WorkflowFile,
  findings: Findings,
): void {
  if (isShellSafe(compiled.tree, file.inputs)) return;
  const reader =
    typeof run === "string"
      ? { isShell: true, program: "" }
      : findCodeWords(run).find(({ index }) => index === path.at(-1));
  if (reader === undefined) return;
  const source = compiled.source.trim();
  const start = offset + compiled.source.indexOf(source);
  const name = suggestVariable(compiled);
  const env = `env: { ${name}: "\${{ ${source} }}" }`;
  const message = reader.isShell
    ? "this value could carry shell syntax"
    : `${reader.program} would read this value as code`;
  const hint = reader.isShell
    ? `write ${env} and use "$${name}" here`
    : `take it from ${env} there, or give the input an enum`;
  findings.addInText(path, { start, end: start + source.length }, message, hint);
}

/** `inputs.message` gives MESSAGE. */
function suggestVariable({ accesses }: CompiledExpression): string {
  const names = accesses.flatMap(({ context, path }) => {
    const last = path.findLast((part) => part.kind === "name");
    return [last?.kind === "name" ? last.name : context];
  });
  const name = (names[0] ?? "VALUE").toUpperCase().replaceAll(/[^A-Z0-9_]/g, "_");
  return /^[A-Z_]/.test(name) && name !== "PATH" && name !== "HOME" ? name : `VALUE_${name}`;
}

function addSecrets(secrets: Map<StepFile, Set<string>>, step: StepFile, { accesses }: CompiledExpression): void {
  for (const { context, path } of accesses) {
    const [id] = path;
    if (context !== "secrets" || id?.kind !== "name") continue;
    const known = secrets.get(step);
    if (known === undefined) secrets.set(step, new Set([id.name]));
    else known.add(id.name);
  }
}

function stepsOf(file: WorkflowFile, job: string | null): readonly StepFile[] {
  return job === null ? file.finally : (file.jobs[job]?.steps ?? []);
}

function stepOf(file: WorkflowFile, { job, step }: TextPlace): StepFile | undefined {
  return step === null ? undefined : stepsOf(file, job)[step];
}

/** What expressions may name, looked up once for each job: for each expression it would take a minute of a large file. */
interface Names {
  readonly inputs: readonly string[];
  readonly jobs: readonly string[];
  needsOf(job: string | null): Scope["needs"];
  stepsOf(job: string | null): readonly string[];
}

function listNames(file: WorkflowFile): Names {
  const jobs = Object.keys(file.jobs);
  const needs = new Map<string | null, Scope["needs"]>();
  const steps = new Map<string | null, readonly string[]>();
  return {
    inputs: Object.keys(file.inputs),
    jobs,
    needsOf: (job) => remember(needs, job, () => describeNeeds(file, job, jobs)),
    stepsOf: (job) => remember(steps, job, () => stepsOf(file, job).map(stepId)),
  };
}

function describeNeeds(file: WorkflowFile, own: string | null, jobs: readonly string[]): Scope["needs"] {
  const job = own === null ? undefined : file.jobs[own];
  const needs = (job === undefined ? jobs : listNeeds(job)).flatMap((id) => {
    const needed = file.jobs[id];
    if (needed === undefined) return [];
    return [[id, { sweeps: needed.sweep !== undefined, outputs: Object.keys(needed.outputs) }] as const];
  });
  return new Map(needs);
}

function remember<Key, Value>(known: Map<Key, Value>, key: Key, make: () => Value): Value {
  const value = known.get(key) ?? make();
  known.set(key, value);
  return value;
}

function makeScope(
  file: WorkflowFile,
  { job, step, place }: TextPlace,
  names: Names,
  secretNames: readonly string[] | undefined,
): Scope {
  const steps = names.stepsOf(job);
  const own = job === null ? undefined : file.jobs[job];
  // The outputs of a step are evaluated after it, so they can name what it wrote itself.
  const ended = step === null ? steps.length : step + (place === places.stepOutput ? 1 : 0);
  return {
    place,
    sweeps: own?.sweep !== undefined,
    inFinally: job === null,
    inputs: names.inputs,
    // Asked for only by expressions that name a step.
    get earlierSteps() {
      return steps.slice(0, ended);
    },
    get laterSteps() {
      return steps.slice(ended);
    },
    needs: names.needsOf(job),
    jobs: names.jobs,
    secretNames,
  };
}
