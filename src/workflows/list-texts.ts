import type { ValuePath } from "../lib/yaml-file.ts";
import { isJsonObject } from "../lib/json.ts";
import type { ContextName } from "./contexts.ts";
import type { JobFile, StepFile, WorkflowFile } from "./schema.ts";

/** What expressions may do in one kind of text. */
export interface Place {
  /** In a sentence: "cannot be named in …". */
  readonly label: string;
  readonly contexts: readonly ContextName[];
  /** A condition is one expression and may call status functions. */
  readonly condition: boolean;
  /** Whether there is a checkout already, so that `repo.dirty` and `repo.diff` mean something. */
  readonly checkout: boolean;
}

/** A text of a workflow that may hold expressions. */
export interface TextPlace {
  readonly path: ValuePath;
  readonly text: string;
  readonly place: Place;
  /** The job, or null in `finally`. */
  readonly job: string | null;
  /** Index of the step in its job, or null for a text of the job itself. */
  readonly step: number | null;
}

const beforeSteps: readonly ContextName[] = ["inputs", "repo", "run", "needs"];
const inSteps: readonly ContextName[] = [...beforeSteps, "job", "steps", "env"];

const makePlace = (label: string, contexts: readonly ContextName[], rest: Partial<Place> = {}): Place => ({
  label,
  contexts,
  condition: false,
  checkout: true,
  ...rest,
});

/** Every kind of text that may hold expressions, with what they may name there. */
export const places = {
  jobIf: makePlace("the condition of a job", beforeSteps, { condition: true, checkout: false }),
  jobEnv: makePlace("the environment of a job", beforeSteps, { checkout: false }),
  jobOutput: makePlace("the outputs of a job", inSteps),
  stepIf: makePlace("the condition of a step", inSteps, { condition: true }),
  stepEnv: makePlace("the environment of a step", [...inSteps, "secrets"]),
  run: makePlace("a command", inSteps),
  workingDirectory: makePlace("a working directory", inSteps),
  with: makePlace("`with`", [...inSteps, "secrets"]),
  stepOutput: makePlace("the outputs of a step", inSteps),
} as const satisfies Record<string, Place>;

/** A text that must be known before a run: expressions in it are refused. */
const fixed = (label: string): Place => makePlace(label, []);

/** All texts of a workflow in which an expression may stand, or in which one could be mistaken to work. */
export function* listTexts(file: WorkflowFile): Generator<TextPlace> {
  for (const [id, job] of Object.entries(file.jobs)) {
    yield* listJobTexts(id, job);
    yield* listSteps(job.steps, ["jobs", id, "steps"], id);
  }
  yield* listSteps(file.finally, ["finally"], null);
}

function* listJobTexts(id: string, job: JobFile): Generator<TextPlace> {
  const about = { job: id, step: null };
  const at = (...rest: ValuePath): ValuePath => ["jobs", id, ...rest];
  if (job.if !== undefined) yield { ...about, path: at("if"), text: String(job.if), place: places.jobIf };
  const select = job.sweep?.select;
  if (select !== undefined) yield { ...about, path: at("sweep", "select"), text: select, place: fixed("a selector") };
  yield* listRecord(job.env, at("env"), places.jobEnv, about);
  yield* listRecord(job.outputs, at("outputs"), places.jobOutput, about);
}

function* listSteps(steps: readonly StepFile[], path: ValuePath, job: string | null): Generator<TextPlace> {
  for (const [step, content] of steps.entries()) yield* listStepTexts(content, [...path, step], { job, step });
}

function* listStepTexts(
  step: StepFile,
  path: ValuePath,
  about: { readonly job: string | null; readonly step: number },
): Generator<TextPlace> {
  const { name, run, workingDirectory } = step;
  if (name !== undefined) yield { ...about, path: [...path, "name"], text: name, place: fixed("a name") };
  if (step.if !== undefined) yield { ...about, path: [...path, "if"], text: String(step.if), place: places.stepIf };
  yield* listRecord(step.env, [...path, "env"], places.stepEnv, about);
  if (run !== undefined) yield* listValue(run, [...path, "run"], places.run, about);
  if (workingDirectory !== undefined) {
    yield { ...about, path: [...path, "workingDirectory"], text: workingDirectory, place: places.workingDirectory };
  }
  if (step.with !== undefined) yield* listValue(step.with, [...path, "with"], places.with, about);
  yield* listRecord(step.outputs, [...path, "outputs"], places.stepOutput, about);
}

type About = Pick<TextPlace, "job" | "step">;

function* listRecord(
  texts: Readonly<Record<string, string>>,
  path: ValuePath,
  place: Place,
  about: About,
): Generator<TextPlace> {
  for (const [key, text] of Object.entries(texts)) yield { ...about, path: [...path, key], text, place };
}

function* listValue(value: unknown, path: ValuePath, place: Place, about: About): Generator<TextPlace> {
  if (typeof value === "string") yield { ...about, path, text: value, place };
  else if (Array.isArray(value)) {
    for (const [index, inner] of value.entries()) yield* listValue(inner, [...path, index], place, about);
  } else if (isJsonObject(value)) {
    for (const [key, inner] of Object.entries(value)) yield* listValue(inner, [...path, key], place, about);
  }
}
