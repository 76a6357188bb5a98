import type { Json } from "../lib/json.ts";
import type { Secret } from "../lib/secret.ts";

/** How a step, target or job came out, in the words of expressions (GitHub's). */
export type Result = "success" | "failure" | "cancelled" | "skipped";

/** Outputs by name. */
type Values = Readonly<Record<string, string>>;

/** `repo`: the repository of the target, as the plan pins it. */
export interface RepoContext {
  readonly name: string;
  /** Absolute path of the checkout that the steps work in. */
  readonly path: string;
  readonly url?: string | undefined;
  readonly role?: string | undefined;
  readonly tags: readonly string[];
  readonly branch?: string | undefined;
  /** Commit that a worktree starts from; null in a repository without commits. */
  readonly base: string | null;
  /** Place in the fleet, from 0. */
  readonly index: number;
  readonly optional: boolean;
  readonly env: Values;
  /** Whether the checkout has changes, untracked files included. Lazy, see `LazyValue`. */
  readonly dirty?: boolean | undefined;
  /** Changes of the checkout against `base` as a patch, untracked files included. Lazy, see `LazyValue`. */
  readonly diff?: string | undefined;
}

/** `run`: the run itself. */
export interface RunContext {
  readonly id: string;
  readonly workflow: string;
  readonly revision: string;
  readonly actor: string;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
}

/** `job`: the job of the target; in `finally` its id is `finally`. */
export interface JobContext {
  readonly id: string;
  readonly status: "success" | "failure" | "cancelled";
}

/** `steps.ID`: a step that has ended. `conclusion` differs from `outcome` only after `continueOnError`. */
export interface StepContext {
  readonly outputs: Values;
  readonly outcome: Result;
  readonly conclusion: Result;
}

/** `needs.JOB`. */
export interface NeedContext {
  /** The one target's outputs; of the same repository when both jobs sweep it. Empty where there is no such target. */
  readonly outputs: Values;
  /** Of the same target that `outputs` speaks of; where there is none, of the job as a whole. */
  readonly result: Result;
  /** By repository; empty when the job has no sweep. */
  readonly targets: Readonly<Record<string, { readonly outputs: Values; readonly result: Result }>>;
}

/**
 * What expressions can name. Every property is read only when an expression names it, so properties may be getters;
 * what is read twice in one expression may be asked for twice.
 */
export interface Contexts {
  readonly inputs: Readonly<Record<string, Json>>;
  /** Null in a job without a sweep and in `finally`. */
  readonly repo: RepoContext | null;
  readonly run: RunContext;
  readonly job: JobContext;
  /** Steps of the target that have ended, by id. */
  readonly steps: Readonly<Record<string, StepContext>>;
  /** By job; in `finally` every job of the workflow. */
  readonly needs: Readonly<Record<string, NeedContext>>;
  /** What the repository, the job and the step set, the later over the earlier; not the process's environment. */
  readonly env: Values;
  /** Those that the step names and no other. */
  readonly secrets: Readonly<Record<string, Secret | string>>;
}

/** The name of a context. */
export type ContextName = keyof Contexts;

/** The names of all contexts. */
export const contextNames: readonly ContextName[] = [
  "inputs",
  "repo",
  "run",
  "job",
  "steps",
  "needs",
  "env",
  "secrets",
];

/**
 * Values that cost a process or more. An expression that names one needs it computed before it is evaluated:
 * `Expressions.lazyValues` tells which, and `contexts.repo` must then have them.
 */
export type LazyValue = "repo.dirty" | "repo.diff";

/** All lazy values by their property of `repo`. */
export const lazyValues: Readonly<Record<"dirty" | "diff", LazyValue>> = { dirty: "repo.dirty", diff: "repo.diff" };

/** What is so far, for `success()`, `failure()` and `cancelled()` of a condition. `always()` needs none. */
export interface Status {
  readonly success: boolean;
  readonly failure: boolean;
  readonly cancelled: boolean;
}

/** The properties of contexts whose properties are fixed, with what each holds. */
export const contextProperties = {
  repo: {
    name: "name in the manifest",
    path: "absolute path of the checkout that the steps work in",
    url: "where it is cloned from, if the manifest says; without a password or token",
    role: "its role, if it has one",
    tags: "list of its tags",
    branch: "its branch in the manifest",
    base: "commit that the checkout starts from",
    index: "place in the fleet, from 0",
    optional: "whether it is optional",
    env: "map of the variables that the manifest gives it",
    dirty: "whether the checkout has changes, untracked files included",
    diff: "the changes of the checkout against `base` as a patch, untracked files included",
  },
  run: {
    id: "the run's id",
    workflow: "name of the workflow",
    revision: "revision of the workflow",
    actor: "who started it",
    startedAt: "when it started, ISO 8601",
  },
  job: {
    id: "the job's id",
    status: "`success`, `failure` or `cancelled` so far",
  },
} as const satisfies Partial<Record<ContextName, Readonly<Record<string, string>>>>;

/** What `steps.ID` holds. */
export const stepProperties: readonly (keyof StepContext)[] = ["outputs", "outcome", "conclusion"];

/** What `needs.JOB` holds. */
export const needProperties: readonly (keyof NeedContext)[] = ["outputs", "result", "targets"];
