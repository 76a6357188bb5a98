import { canonicalJson } from "../lib/json.ts";
import { createHash } from "node:crypto";
import type { JobFile, StepFile, WorkflowFile } from "./schema.ts";
import { splitTemplate } from "./template.ts";
import type { Job, RetryRule, Step, Sweep, Workflow } from "./types.ts";

/** Makes the intermediate form of a checked file. */
export function buildWorkflow(file: WorkflowFile, secretsOf: (step: StepFile) => readonly string[]): Workflow {
  const workflow = {
    name: file.name,
    ...omitUndefined({ description: file.description }),
    inputs: file.inputs,
    jobs: Object.entries(file.jobs).map(([id, job]) => buildJob(id, job, secretsOf)),
    finally: file.finally.map((step, index) => buildStep(step, index, secretsOf(step))),
  };
  return { ...workflow, revision: computeRevision(workflow) };
}

/**
 * The first 12 hex digits of the SHA-256 of a workflow's canonical form. The order of keys, and so of jobs, changes nothing;
 * neither do comments, quotes and white space of the file.
 */
export function computeRevision(workflow: Omit<Workflow, "revision">): string {
  const jobs = workflow.jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  return createHash("sha256")
    .update(canonicalJson({ ...workflow, jobs }))
    .digest("hex")
    .slice(0, 12);
}

/** The id of a step: its own, or one made from its position. */
export function stepId(step: StepFile, index: number): string {
  return step.id ?? `step${index + 1}`;
}

/** A condition as the intermediate form has it: without `${{ }}`. */
export function unwrapCondition(condition: string | boolean): string {
  if (typeof condition === "boolean") return String(condition);
  const [only, ...others] = condition.includes("${{") ? splitTemplate(condition.trim()) : [];
  return only?.kind === "expression" && others.length === 0 ? only.source.trim() : condition.trim();
}

/** The needs of a job as a list. */
export function listNeeds(job: JobFile): readonly string[] {
  return typeof job.needs === "string" ? [job.needs] : job.needs;
}

function buildJob(id: string, job: JobFile, secretsOf: (step: StepFile) => readonly string[]): Job {
  return {
    id,
    needs: listNeeds(job),
    ...omitUndefined({
      if: job.if === undefined ? undefined : unwrapCondition(job.if),
      sweep: job.sweep === undefined ? undefined : buildSweep(job.sweep),
      timeoutMs: job.timeout,
      retry: buildRetry(job.retry),
    }),
    checkout: job.checkout ?? "worktree",
    env: job.env,
    steps: job.steps.map((step, index) => buildStep(step, index, secretsOf(step))),
    outputs: job.outputs,
    optional: job.optional,
  };
}

function buildSweep({ select, order, maxParallel, onFailure, allowEmpty }: NonNullable<JobFile["sweep"]>): Sweep {
  const { mode, abortAbove } = onFailure;
  return {
    ...omitUndefined({ select, maxParallel }),
    order,
    onFailure: { mode, ...omitUndefined({ abortAbove }) },
    allowEmpty,
  };
}

function buildStep(step: StepFile, index: number, secrets: readonly string[]): Step {
  return {
    id: stepId(step, index),
    ...omitUndefined({
      name: step.name,
      if: step.if === undefined ? undefined : unwrapCondition(step.if),
      timeoutMs: step.timeout,
      retry: buildRetry(step.retry),
    }),
    action: buildAction(step),
    env: step.env,
    continueOnError: step.continueOnError,
    outputs: step.outputs,
    secrets,
  };
}

function buildAction(step: StepFile): Step["action"] {
  if (step.run === undefined) return { kind: "uses", uses: step.uses ?? "", with: step.with ?? {} };
  const { workingDirectory } = step;
  return { kind: "run", command: step.run, shell: step.shell ?? "sh", ...omitUndefined({ workingDirectory }) };
}

/** A rule that a user wrote concerns every class of failure unless it names some. */
function buildRetry(retry: StepFile["retry"]): RetryRule | undefined {
  if (retry === undefined) return undefined;
  const { attempts, backoff, first, max, when } = typeof retry === "number" ? { attempts: retry } : retry;
  return {
    ...omitUndefined({ attempts, backoff, firstMs: first, maxMs: max }),
    when: when === undefined ? ["exit", "timeout", "infrastructure"] : [...new Set(when)],
  };
}

/** Leaves out keys without a value, so that an absent key and `undefined` are the same. */
function omitUndefined<T extends object>(value: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}
