import type { NewEvent } from "../store/contract.ts";
import type { Outputs } from "./contract.ts";
import type { Plan } from "./plan.ts";
import type { AttemptFailure, OutputRecord, ProcessRecord, RunStatus, SkipCause } from "./state.ts";

/** An event of one type. `v` is 1 for every type so far. */
interface EventOf<Type extends string, Data> extends NewEvent {
  readonly type: Type;
  readonly data: Data;
}

/** Where in a run something happened. */
interface AtTarget {
  readonly target: string;
}

interface AtStep extends AtTarget {
  readonly step: string;
}

/** Every fact of a run's history. The state of a run is what `reduce` makes of them, and nothing else. */
export type RunEvent =
  | EventOf<"run.created", { readonly plan: Plan; readonly traceparent?: string }>
  | EventOf<"run.started", Record<string, never>>
  | EventOf<"run.cancelling", { readonly atOnce: boolean }>
  | EventOf<"run.released", Record<string, never>>
  | EventOf<"run.takenOver", { readonly pid: number; readonly waits?: boolean }>
  | EventOf<"run.retried", { readonly targets: readonly { readonly key: string; readonly fromStep: string | null }[] }>
  | EventOf<"run.finished", { readonly state: RunStatus }>
  | EventOf<"target.started", AtTarget>
  | EventOf<"target.skipped", AtTarget & { readonly because: SkipCause }>
  | EventOf<
      "target.finished",
      AtTarget & { readonly state: "succeeded" | "failed" | "cancelled"; readonly outputs: Outputs }
    >
  | EventOf<"step.started", AtStep & { readonly attempt: number; readonly process: ProcessRecord | null }>
  | EventOf<"step.finished", AtStep & StepEnd>
  | EventOf<"step.skipped", AtStep>
  | EventOf<"step.interrupted", AtStep>;

/** How an attempt ended. */
export interface StepEnd {
  readonly attempt: number;
  readonly state: "succeeded" | "failed" | "cancelled";
  readonly failure: AttemptFailure | null;
  readonly exitCode: number | null;
  readonly outputs: Outputs;
  readonly output: OutputRecord | null;
  readonly lastLine: string | null;
  /** Milliseconds since 1970 of the next attempt; null when there is none. */
  readonly retryAt: number | null;
}

/** The data of one type of event. */
export type DataOf<Type extends RunEvent["type"]> = Extract<RunEvent, { type: Type }>["data"];

/** Makes an event. */
export function makeEvent<Type extends RunEvent["type"]>(
  type: Type,
  data: DataOf<Type>,
  about: { readonly time: number; readonly actor: string; readonly reason: string },
): Extract<RunEvent, { type: Type }> {
  const event: unknown = { type, v: 1, time: about.time, actor: about.actor, reason: about.reason, data };
  return event as Extract<RunEvent, { type: Type }>;
}
