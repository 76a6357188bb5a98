import { traceOfRun } from "../lib/trace-context.ts";
import { isLive } from "../store/owner-row.ts";
import type { EventRecord, RunRow } from "../store/contract.ts";
import { type Attempt, isOver, type RunState, type RunStatus, type StepState } from "../engine/state.ts";

/** A run as lists show it; times are ISO 8601. */
export interface RunListItem {
  readonly id: string;
  readonly workflow: string;
  readonly revision: string;
  /** As stored, or `interrupted` when the run is not over and no living process owns it. */
  readonly state: RunStatus | "interrupted";
  readonly reason: string;
  readonly actor: string;
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly counts: RunRow["counts"];
}

/** A run with its targets. */
export interface RunView extends RunListItem {
  /** The beginning of its id that tells it apart from all other runs. */
  readonly shortId: string;
  /** How many repositories the subject may not see; their targets are there, without names and results. */
  readonly hidden: number;
  /** The trace that it is a part of: 32 hexadecimal digits, as its lines in the log have it. */
  readonly traceId: string;
  readonly targets: readonly TargetView[];
}

/** What a view says besides the run's own state. */
export interface RunViewFacts {
  readonly row: RunRow;
  readonly shortId: string;
  readonly hidden: number;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** One event of a run's history as machines read it. */
export interface EventView {
  /** Global in the workspace. */
  readonly seq: number;
  /** From 1 in each run, without gaps. */
  readonly runSeq: number;
  readonly runId: string;
  readonly type: string;
  readonly v: number;
  /** ISO 8601 in UTC. */
  readonly time: string;
  readonly actor: string;
  readonly reason: string;
  readonly data: unknown;
}

/** A target as machines read it. */
export interface TargetView {
  readonly key: string;
  readonly job: string;
  readonly repository: string | null;
  readonly state: string;
  readonly reason: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly round: number;
  readonly outputs: Readonly<Record<string, string>>;
  readonly steps: readonly StepView[];
}

/** A step as machines read it. */
export interface StepView {
  readonly id: string;
  readonly state: string;
  readonly reason: string | null;
  readonly outputs: Readonly<Record<string, string>>;
  readonly attempts: readonly AttemptView[];
}

/** An attempt as machines read it. */
export interface AttemptView {
  readonly number: number;
  readonly state: string;
  readonly reason: string | null;
  readonly failure: string | null;
  readonly exitCode: number | null;
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly output: {
    readonly file: string;
    readonly bytes: number;
    readonly sha256: string;
    readonly truncated: boolean;
  } | null;
  readonly lastLine: string | null;
}

/** Whether a run is not over, and nobody who lives owns it. */
export function isUnowned(row: RunRow, now: number): boolean {
  return !isOver(row.state as RunStatus) && (row.owner === null || !isLive(row.owner, now));
}

/** Whether a run waits for somebody to take it over. A detached one that has not begun waits for its turn, and nothing was interrupted. */
export function isInterrupted(row: RunRow, now: number): boolean {
  const waits = row.detached && row.state === "queued" && row.startedAt === null;
  return isUnowned(row, now) && !waits;
}

/** A run's row as lists show it. */
export function viewRow(row: RunRow, now: number): RunListItem {
  const interrupted = isInterrupted(row, now);
  return {
    id: row.id,
    workflow: row.workflow,
    revision: row.revision,
    state: interrupted ? "interrupted" : (row.state as RunStatus),
    reason: interrupted
      ? `was ${row.state} when its process went away; \`mahavishnu runs resume ${row.id}\` continues it`
      : row.reason,
    actor: row.actor,
    createdAt: iso(row.createdAt),
    startedAt: isoOrNull(row.startedAt),
    endedAt: isoOrNull(row.endedAt),
    counts: row.counts,
  };
}

/** A run with its targets; its row tells whether somebody owns it. */
export function viewRun(state: RunState, { row, shortId, hidden, now }: RunViewFacts): RunView {
  const targets = [...state.targets.values()].map((target): TargetView => ({
    key: target.key,
    job: target.job,
    repository: target.repository,
    state: target.state,
    reason: target.cause.reason,
    startedAt: isoOrNull(target.startedAt),
    endedAt: isoOrNull(target.endedAt),
    round: target.round,
    outputs: target.outputs,
    steps: target.steps.map(viewStep),
  }));
  const { traceId } = traceOfRun(row.id, state.traceparent);
  return { ...viewRow(row, now), shortId, hidden, traceId, targets };
}

/** An event as machines read it. */
export function viewEvent({ time, ...event }: EventRecord): EventView {
  return { ...event, time: iso(time) };
}

/** The event that a view was made of. */
export function unviewEvent({ time, ...event }: EventView): EventRecord {
  return { ...event, time: Date.parse(time) };
}

function viewStep(step: StepState): StepView {
  return {
    id: step.id,
    state: step.state,
    reason: step.reason,
    outputs: step.outputs,
    attempts: step.attempts.map(viewAttempt),
  };
}

function viewAttempt(attempt: Attempt): AttemptView {
  const { number, state, reason, failure, exitCode, startedAt, endedAt, output, lastLine } = attempt;
  return {
    number,
    state,
    reason,
    failure,
    exitCode,
    startedAt: iso(startedAt),
    endedAt: isoOrNull(endedAt),
    output,
    lastLine,
  };
}

function iso(time: number): string {
  return new Date(time).toISOString();
}

function isoOrNull(time: number | null): string | null {
  return time === null ? null : iso(time);
}
