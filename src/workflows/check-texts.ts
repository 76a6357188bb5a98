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
  for (const text of listTexts(file)) {
    const step = stepOf(file, text);
    const expressions = compileText(text, findings);
    if (expressions.length === 0) continue;
    const scope = makeScope(file, text, secretNames);
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

function makeScope(file: WorkflowFile, text: TextPlace, secretNames: readonly string[] | undefined): Scope {
  const steps = stepsOf(file, text.job);
  const own = text.job === null ? undefined : file.jobs[text.job];
  const reachable = own === undefined ? Object.keys(file.jobs) : listNeeds(own);
  const needs = reachable.flatMap((id) => {
    const job = file.jobs[id];
    if (job === undefined) return [];
    return [[id, { sweeps: job.sweep !== undefined, outputs: Object.keys(job.outputs) }] as const];
  });
  // The outputs of a step are evaluated after it, so they can name what it wrote itself.
  const ended = text.step === null ? steps.length : text.step + (text.place === places.stepOutput ? 1 : 0);
  return {
    place: text.place,
    sweeps: own?.sweep !== undefined,
    inFinally: text.job === null,
    inputs: Object.keys(file.inputs),
    // Asked for only by expressions that name a step.
    get earlierSteps() {
      return steps.slice(0, ended).map(stepId);
    },
    get laterSteps() {
      return steps.slice(ended).map((step, index) => stepId(step, ended + index));
    },
    needs: new Map(needs),
    jobs: Object.keys(file.jobs),
    secretNames,
  };
}
