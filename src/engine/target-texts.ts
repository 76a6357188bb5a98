import { resolve, sep } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import type { Contexts, LazyValue, NeedContext, Result, StepContext } from "../workflows/contexts.ts";
import type { Expressions } from "../workflows/expressions.ts";
import type { Job, Step } from "../workflows/types.ts";
import { diffCheckout, isCheckoutDirty } from "../repositories/checkout-changes.ts";
import type { Outputs, Secrets } from "./contract.ts";
import type { Command } from "./run-process.ts";
import { isBad } from "./outcome.ts";
import { finallyKey, type PlannedRepository } from "./plan.ts";
import type { RunState, TargetState } from "./state.ts";

/** The texts of one target's job and steps, with their expressions evaluated at the moment of asking. */
export interface TargetTexts {
  jobCondition(status: { readonly failed: boolean }): Promise<boolean>;
  stepCondition(step: Step, status: { readonly failed: boolean }): Promise<boolean>;
  /** `env` of repository, job and step, the later over the earlier. */
  environment(step: Step): Promise<Readonly<Record<string, string>>>;
  command(step: Step): Promise<Command>;
  /** Where the command works; never outside `base`. */
  workingFolder(step: Step, base: string): Promise<string>;
  actionInput(step: Step): Promise<Readonly<Record<string, Json>>>;
  /** `own` is what the step wrote itself. */
  stepOutputs(step: Step, own: Outputs): Promise<Outputs>;
  jobOutputs(): Promise<Outputs>;
}

/** Fails on the first error, as GitHub does. */
const shells = {
  sh: ["/bin/sh", "-e", "-c"],
  bash: ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c"],
} as const;

/** Makes the texts of a target. */
export function createTargetTexts(about: {
  readonly state: RunState;
  readonly job: Job;
  readonly target: TargetState;
  readonly repository: PlannedRepository | null;
  readonly secrets: Secrets;
  readonly expressions: Expressions;
  /** The checkout, once there is one. */
  readonly folder: () => string | null;
}): TargetTexts {
  const { state, job, target, repository, secrets, expressions } = about;
  const place = target.key === finallyKey ? "finally" : "job";
  let lazy: { dirty?: boolean; diff?: string } = {};
  let current: Step | undefined;
  let ownOutputs: Outputs | undefined;

  const contexts: Contexts = {
    inputs: state.plan.inputs,
    get repo() {
      return repository === null ? null : { ...repository, path: about.folder() ?? repository.path, ...lazy };
    },
    get run() {
      const { name, revision } = state.plan.workflow;
      return {
        id: state.id,
        workflow: name,
        revision,
        actor: state.actor,
        startedAt: new Date(state.startedAt ?? state.createdAt).toISOString(),
      };
    },
    get job() {
      return { id: job.id, status: jobStatus(state, job, target) };
    },
    get steps() {
      return stepContexts(job, target, current, ownOutputs);
    },
    get needs() {
      return needContexts(state, job, target);
    },
    get env() {
      return current === undefined ? { ...repository?.env, ...job.env } : environmentOf(current);
    },
    get secrets() {
      return secretsOf(current, secrets);
    },
  };

  const withEnv = (env: Readonly<Record<string, string>>): Contexts =>
    Object.create(contexts, { env: { value: env } }) as Contexts;

  /** `env` texts see what is set further out, not themselves. */
  const environmentOf = (step: Step): Readonly<Record<string, string>> => {
    const outer = { ...repository?.env };
    const withJob = { ...outer, ...expressions.interpolateAll(job.env, withEnv(outer)) };
    return { ...withJob, ...expressions.interpolateAll(step.env, withEnv(withJob)) };
  };

  const prepare = async (step: Step | undefined, values: readonly LazyValue[]): Promise<void> => {
    current = step;
    ownOutputs = undefined;
    lazy = {};
    const folder = about.folder();
    if (values.length === 0 || repository === null || folder === null) return;
    if (values.includes("repo.dirty")) lazy.dirty = await isCheckoutDirty(folder);
    if (values.includes("repo.diff")) lazy.diff = await diffCheckout(folder, repository.base);
  };

  /** A step's texts are evaluated one after the other before each attempt: the repository is looked at once for all of them. */
  let preparedFor: { readonly step: Step; readonly attempts: number } | undefined;
  const prepareStep = async (step: Step): Promise<void> => {
    const { before } = expressions.lazyValuesOfStep(step);
    const attempts = before.length === 0 ? 0 : (target.steps.find(({ id }) => id === step.id)?.attempts.length ?? 0);
    const isPrepared = preparedFor?.step === step && preparedFor.attempts === attempts && current === step;
    if (isPrepared && ownOutputs === undefined) return;
    await prepare(step, before);
    preparedFor = { step, attempts };
  };

  return {
    jobCondition: async ({ failed }) => {
      await prepare(undefined, []);
      if (job.if === undefined) return !failed;
      return expressions.test(job.if, contexts, { success: !failed, failure: failed, cancelled: false });
    },
    stepCondition: async (step, { failed }) => {
      if (step.if === undefined) return place === "finally" || !failed;
      await prepareStep(step);
      const cancelled = state.state === "cancelling";
      const failure =
        place === "finally"
          ? [...state.targets.values()].some((other) => other.key !== finallyKey && isBad(other))
          : failed;
      return expressions.test(
        step.if,
        contexts,
        { success: !failure && !cancelled, failure: failure && !cancelled, cancelled },
        place,
      );
    },
    environment: async (step) => {
      await prepareStep(step);
      return environmentOf(step);
    },
    command: async (step) => {
      const { action } = step;
      if (action.kind !== "run") throw new Error(`step ${step.id} has no command`);
      await prepareStep(step);
      if (typeof action.command !== "string")
        return { words: action.command.map((word) => expressions.interpolate(word, contexts)) };
      return { shell: shells[action.shell], script: expressions.interpolate(action.command, contexts) };
    },
    workingFolder: async (step, base) => {
      const { action } = step;
      if (action.kind !== "run" || action.workingDirectory === undefined) return base;
      await prepareStep(step);
      const folder = resolve(base, expressions.interpolate(action.workingDirectory, contexts));
      if (folder !== base && !folder.startsWith(base + sep)) {
        throw new MahavishnuError("STEP_FOLDER", `workingDirectory of step ${step.id} leaves the checkout: ${folder}`);
      }
      return folder;
    },
    actionInput: async (step) => {
      if (step.action.kind !== "uses") throw new Error(`step ${step.id} has no action`);
      await prepareStep(step);
      return expressions.evaluateAll(step.action.with, contexts) as Readonly<Record<string, Json>>;
    },
    stepOutputs: async (step, own) => {
      await prepare(step, expressions.lazyValuesOfStep(step).after);
      ownOutputs = own;
      return expressions.interpolateAll(step.outputs, contexts);
    },
    jobOutputs: async () => {
      await prepare(undefined, expressions.lazyValuesOfOutputs(job));
      return expressions.interpolateAll(job.outputs, contexts);
    },
  };
}

function secretsOf(step: Step | undefined, secrets: Secrets): Contexts["secrets"] {
  const named = (step?.secrets ?? []).map((name) => {
    const secret = secrets.get(name);
    if (secret === undefined) throw new MahavishnuError("SECRET_MISSING", `secret ${name} is not in the configuration`);
    return [name, secret] as const;
  });
  return Object.fromEntries(named);
}

function jobStatus(state: RunState, job: Job, target: TargetState): "success" | "failure" | "cancelled" {
  if (state.state === "cancelling") return "cancelled";
  return target.steps.some((step, index) => step.state === "failed" && job.steps[index]?.continueOnError !== true)
    ? "failure"
    : "success";
}

function stepContexts(
  job: Job,
  target: TargetState,
  current: Step | undefined,
  ownOutputs: Outputs | undefined,
): Record<string, StepContext> {
  const contexts: Record<string, StepContext> = {};
  for (const [index, step] of target.steps.entries()) {
    const outcome = stepResults[step.state];
    if (outcome === undefined) {
      if (step.id === current?.id && ownOutputs !== undefined) {
        contexts[step.id] = { outputs: ownOutputs, outcome: "success", conclusion: "success" };
      }
      continue;
    }
    const forgiven = outcome === "failure" && job.steps[index]?.continueOnError === true;
    contexts[step.id] = { outputs: step.outputs, outcome, conclusion: forgiven ? "success" : outcome };
  }
  return contexts;
}

const stepResults: Readonly<Partial<Record<string, Result>>> = {
  succeeded: "success",
  failed: "failure",
  cancelled: "cancelled",
  skipped: "skipped",
};

/** What a target sees of the jobs it needs; each part is made only when an expression names it. */
function needContexts(state: RunState, job: Job, target: TargetState): Record<string, NeedContext> {
  const needed = target.key === finallyKey ? state.plan.workflow.jobs.map(({ id }) => id) : job.needs;
  return Object.fromEntries(needed.map((id) => [id, needContext(state, id, target)]));
}

function needContext(state: RunState, id: string, target: TargetState): NeedContext {
  const own =
    state.targets.get(target.repository === null ? id : `${id}/${target.repository}`) ?? state.targets.get(id);
  const all = (): TargetState[] => [...state.targets.values()].filter((other) => other.job === id);
  return {
    outputs: own?.outputs ?? {},
    get result() {
      return own === undefined ? resultOfAll(all()) : resultOf(own);
    },
    get targets() {
      const byRepository = all().flatMap((other) =>
        other.repository === null
          ? []
          : [[other.repository, { outputs: other.outputs, result: resultOf(other) }] as const],
      );
      return Object.fromEntries(byRepository);
    },
  };
}

function resultOf(target: TargetState): Result {
  return stepResults[target.state] ?? "skipped";
}

/** A job as a whole succeeded when no target of it ended badly. */
function resultOfAll(targets: readonly TargetState[]): Result {
  if (targets.some((target) => target.state === "cancelled")) return "cancelled";
  if (targets.some((target) => target.state === "failed")) return "failure";
  return targets.every((target) => target.state === "skipped") ? "skipped" : "success";
}
