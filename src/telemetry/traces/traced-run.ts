/** What spans need of a run; what the engine keeps of one has it. */
export interface TracedRun {
  readonly id: string;
  readonly plan: {
    readonly workflow: { readonly name: string; readonly revision: string };
    readonly repositories: Readonly<Record<string, { readonly branch?: string }>>;
  };
  readonly actor: string;
  /** The `traceparent` of whoever asked for the run. */
  readonly traceparent?: string;
  readonly startedAt: number | null;
  /** How often the run was begun, from 1. */
  readonly round: number;
  /** When this round was asked for; milliseconds since 1970. */
  readonly roundAt: number;
  readonly targets: ReadonlyMap<string, TracedTarget>;
}

/** One of its targets. */
export interface TracedTarget {
  readonly key: string;
  readonly job: string;
  readonly repository: string | null;
  readonly state: string;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
  readonly round: number;
  readonly steps: readonly TracedStep[];
}

/** One of its steps. */
export interface TracedStep {
  readonly id: string;
  readonly state: string;
  readonly attempts: readonly { readonly startedAt: number; readonly endedAt: number | null }[];
  /** Attempts of earlier rounds. */
  readonly earlierAttempts: number;
}

interface At<Type extends string, Data> {
  readonly type: Type;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  /** Secrets masked. */
  readonly reason: string;
  readonly data: Data;
}

interface StepPlace {
  readonly target: string;
  readonly step: string;
}

/** An event of a run that is durable. */
export type TracedEvent =
  | At<
      "run.created" | "run.started" | "run.cancelling" | "run.released" | "run.takenOver" | "run.retried",
      Readonly<Record<string, unknown>>
    >
  | At<"run.finished", { readonly state: string }>
  | At<"target.started", { readonly target: string }>
  | At<"target.skipped", { readonly target: string; readonly because: string }>
  | At<"target.finished", { readonly target: string; readonly state: string }>
  | At<"step.started", StepPlace & { readonly attempt: number }>
  | At<
      "step.finished",
      StepPlace & {
        readonly attempt: number;
        readonly state: string;
        readonly failure: string | null;
        readonly exitCode: number | null;
        readonly retryAt: number | null;
      }
    >
  | At<"step.skipped", StepPlace>
  | At<"step.interrupted", StepPlace>;
