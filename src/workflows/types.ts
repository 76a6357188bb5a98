/** A retry rule; what is left out comes from `limits.retry` of the configuration. */
export interface RetryRule {
  /** Attempts in all, the first included; at least 1. */
  readonly attempts?: number;
  readonly backoff?: "exponential" | "fixed";
  /** Milliseconds before the second attempt. */
  readonly firstMs?: number;
  /** Upper bound in milliseconds of one wait. */
  readonly maxMs?: number;
  /** Which failures are tried again. */
  readonly when?: readonly FailureClass[];
}

/** Why an attempt failed: the command said so, time ran out, or the machine or network did. */
export type FailureClass = "exit" | "timeout" | "infrastructure";

/** One action of a target: a command or a named action. Texts may hold `${{ }}` expressions. */
export interface Step {
  /** Unique in its job; made from the position (`step1`) when the file gives none. */
  readonly id: string;
  readonly name?: string;
  readonly action: RunAction | UseAction;
  /** Condition, without `${{ }}`; a step without one runs while the target has not failed. */
  readonly if?: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly retry?: RetryRule;
  readonly continueOnError: boolean;
  /** Further outputs, evaluated when the step has succeeded. */
  readonly outputs: Readonly<Record<string, string>>;
  /** Names of `secrets` of the configuration that this step's texts name. */
  readonly secrets: readonly string[];
}

/** A command. */
export interface RunAction {
  readonly kind: "run";
  /** The script, or the words of a command that is started without a shell. */
  readonly command: string | readonly string[];
  /** `sh` unless the step says `bash`; not used for words. */
  readonly shell: "sh" | "bash";
  /** Relative to the checkout. */
  readonly workingDirectory?: string;
}

/** A named action, built in or given by an adapter. */
export interface UseAction {
  readonly kind: "uses";
  readonly uses: string;
  readonly with: Readonly<Record<string, unknown>>;
}

/** How a job fans out over repositories. */
export interface Sweep {
  /** Selector text; all repositories when left out. */
  readonly select?: string;
  readonly order: "needs" | "manifest" | "none";
  readonly maxParallel?: number;
  readonly onFailure: {
    readonly mode: "continue" | "stop";
    /** Share of failed targets, 0 to 1, above which no further target starts. */
    readonly abortAbove?: number;
  };
  readonly allowEmpty: boolean;
}

/** A named part of a workflow. */
export interface Job {
  readonly id: string;
  readonly needs: readonly string[];
  readonly if?: string;
  readonly sweep?: Sweep;
  readonly checkout: "worktree" | "inPlace";
  /** Milliseconds for one target. */
  readonly timeoutMs?: number;
  readonly retry?: RetryRule;
  readonly env: Readonly<Record<string, string>>;
  readonly steps: readonly Step[];
  readonly outputs: Readonly<Record<string, string>>;
  /** An optional job that fails does not fail the run. */
  readonly optional: boolean;
}

/** A workflow as the engine executes it; YAML and later the TypeScript builder make the same form. */
export interface Workflow {
  readonly name: string;
  readonly description?: string;
  /** JSON Schema properties by input name, as written. */
  readonly inputs: Readonly<Record<string, InputSchema>>;
  readonly jobs: readonly Job[];
  /** Steps that run once at the end, whatever the outcome. */
  readonly finally: readonly Step[];
  /** The first 12 hex digits of the SHA-256 of the canonical form. */
  readonly revision: string;
}

/** A JSON Schema of one input. */
export type InputSchema = Readonly<Record<string, unknown>>;
