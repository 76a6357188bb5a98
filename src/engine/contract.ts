import type { Secret } from "../lib/secret.ts";

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** The repository that a step works on, as pinned in the plan. */
export interface ActionRepository {
  readonly name: string;
  /** Absolute path of the checkout the step works in (the worktree or the repository itself). */
  readonly checkout: string;
  /** Absolute path of the repository itself. */
  readonly path: string;
  readonly url?: string;
  readonly branch?: string;
  readonly role?: string;
  readonly tags: readonly string[];
}

/** What an action is given for one attempt. */
export interface ActionContext {
  readonly runId: string;
  readonly workflow: string;
  /** Null in a job without a sweep and in `finally`. */
  readonly repository: ActionRepository | null;
  /** The same for every attempt of the same step: hand it to whatever must not act twice. */
  readonly idempotencyKey: string;
  readonly attempt: number;
  /** Aborted on cancel and on time-out. */
  readonly signal: AbortSignal;
  /** The environment that the step's processes get: `env` of repository, job and step included. */
  environment(): Promise<Readonly<Record<string, string>>>;
  /** Absolute folder of the run's files, for reports: `.mahavishnu/runs/ID`. */
  readonly runFolder: string;
  /**
   * Tells of a process that the action has just started as the first of a group of its own: should this process die, whoever
   * goes on with the run ends that group before the next attempt.
   */
  started(pid: number): void;
  /** Writes a line into the step's log; secrets are masked. */
  log(line: string): void;
  /** The run so far; for actions that report. */
  summary(): RunSummary;
}

/** What a report says about a run. */
export interface RunSummary {
  readonly runId: string;
  readonly workflow: string;
  readonly startedAt: number | null;
  readonly targets: readonly {
    readonly job: string;
    readonly repository: string | null;
    readonly state: string;
    readonly reason: string | null;
    readonly durationMs: number | null;
    readonly steps: readonly { readonly id: string; readonly state: string; readonly durationMs: number | null }[];
  }[];
}

/** Outputs of a step: name to text. */
export type Outputs = Readonly<Record<string, string>>;

/** What a step may `uses:`. Built in, or given by an adapter. */
export interface Action {
  /** `git/commit`. */
  readonly name: string;
  readonly description: string;
  /** JSON Schema of `with`, for validation before a run and for the reference pages. */
  readonly inputSchema: Readonly<Record<string, unknown>>;
  /** True when the action only makes sense on a repository. */
  readonly needsRepository: boolean;
  /**
   * Does the work of one attempt. `input` is `with`, expressions evaluated and checked against `inputSchema`.
   *
   * @throws ActionError with its failure class; anything else counts as `infrastructure`.
   */
  run(input: Readonly<Record<string, Json>>, context: ActionContext): Promise<Outputs>;
}

/** Actions by name. */
export type ActionRegistry = ReadonlyMap<string, Action>;

/** An action failed: `exit` when the work itself said no, `infrastructure` when it may work another time. */
export class ActionError extends Error {
  override readonly name = "ActionError";
  readonly failure: "exit" | "infrastructure";

  constructor(message: string, failure: "exit" | "infrastructure" = "exit", options?: ErrorOptions) {
    super(message, options);
    this.failure = failure;
  }
}

/** Secrets by the name under which steps ask for them. */
export type Secrets = ReadonlyMap<string, Secret>;
