import type { RunCounts } from "../store/contract.ts";
import type { Outputs } from "./contract.ts";
import type { Plan } from "./plan.ts";

/** States of a run. `interrupted` is never stored: it is shown for an active run whose owner is dead. */
export type RunStatus =
  | "queued"
  | "running"
  | "paused"
  | "cancelling"
  | "succeeded"
  | "partial"
  | "failed"
  | "cancelled";

/** States of a target. */
export type TargetStatus = "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped";

/** States of a step; `interrupted` when its last attempt was running as the owner died. */
export type StepStatus =
  | "pending"
  | "running"
  | "waiting"
  | "succeeded"
  | "failed"
  | "skipped"
  | "cancelled"
  | "interrupted";

/** Why something is in its state. Never shown without it. */
export interface Cause {
  /** In words: `exit 1`, `needs ledger, which failed`. */
  readonly reason: string;
  /** Who made it so: `local:dana`, `engine`. */
  readonly actor: string;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** What a step printed. */
export interface OutputRecord {
  /** Relative to the run's folder. */
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** Bytes beyond `limits.maxOutputBytes` were dropped. */
  readonly truncated: boolean;
}

/** The operating-system process of an attempt, known before it does anything. */
export interface ProcessRecord {
  /** Also the process group's id. */
  readonly pid: number;
  /** The kernel's start time of the process, in its own unit; tells a reused pid apart. */
  readonly startTime: string;
  readonly bootId: string;
}

/** Which class of failure ended an attempt; see `FailureClass` of workflows. */
export type AttemptFailure = "exit" | "timeout" | "infrastructure";

/** One try of a step. */
export interface Attempt {
  /** From 1, over all rounds of the target. */
  readonly number: number;
  readonly startedAt: number;
  endedAt: number | null;
  state: "running" | "succeeded" | "failed" | "cancelled" | "interrupted";
  reason: string | null;
  failure: AttemptFailure | null;
  exitCode: number | null;
  readonly process: ProcessRecord | null;
  output: OutputRecord | null;
  /** The last line that was printed, secrets masked; null when nothing was. */
  lastLine: string | null;
}

/** A step of a target. */
export interface StepState {
  readonly id: string;
  state: StepStatus;
  reason: string | null;
  attempts: Attempt[];
  outputs: Outputs;
  /** When a waiting step is tried again. */
  retryAt: number | null;
  /** Attempts of earlier rounds; they do not count against the retry rule. */
  earlierAttempts: number;
}

/** Why a target was skipped. */
export type SkipCause = "condition" | "dependency" | "policy";

/** One job on one repository, or once. */
export interface TargetState {
  /** `job/repository`, or `job`. */
  readonly key: string;
  readonly job: string;
  readonly repository: string | null;
  state: TargetStatus;
  cause: Cause;
  startedAt: number | null;
  endedAt: number | null;
  /** Why it was skipped: its own `if`, something it needs that failed, or the failure policy of its sweep. */
  skipped: SkipCause | null;
  /** How often the target was begun: 1, and one more for each `runs retry`. */
  round: number;
  /** Nothing of earlier rounds counts: this is the first, or one that was begun by name at the first step. */
  isAnew: boolean;
  steps: StepState[];
  outputs: Outputs;
}

/** A run, derived from its events by `reduce`. */
export interface RunState {
  readonly id: string;
  readonly plan: Plan;
  state: RunStatus;
  cause: Cause;
  readonly actor: string;
  /** The `traceparent` of whoever asked for the run. */
  readonly traceparent?: string;
  readonly createdAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** How often the run was begun: 1, and one more for each `runs retry`. */
  round: number;
  /** When this round was asked for: the run's creation, or its last retry. */
  roundAt: number;
  /** The run's own sequence number of the last event reduced. */
  runSeq: number;
  targets: Map<string, TargetState>;
  counts: { -readonly [K in keyof RunCounts]: RunCounts[K] };
}

/** Whether a run of this state is over. */
export function isOver(state: RunStatus): boolean {
  return state === "succeeded" || state === "partial" || state === "failed" || state === "cancelled";
}

/** Whether a target of this state is over. */
export function hasEnded(target: Pick<TargetState, "state">): boolean {
  return target.state !== "queued" && target.state !== "running";
}
