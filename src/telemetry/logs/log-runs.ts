import type { Log } from "../../lib/log.ts";
import { traceOfRun } from "../../lib/trace-context.ts";

/** What is asked of a run. The engine's own states and events have all of it. */
export interface LoggedRun {
  readonly id: string;
  readonly plan: { readonly workflow: { readonly name: string } };
  readonly actor: string;
  readonly traceparent?: string;
  readonly counts: object;
  readonly targets: ReadonlyMap<string, { readonly repository: string | null }>;
}
export interface LoggedEvent {
  readonly type: string;
  readonly reason: string;
  readonly actor: string;
  readonly data: unknown;
}

interface EventData {
  readonly target?: string;
  readonly step?: string;
  readonly attempt?: number;
  readonly state?: string;
  readonly exitCode?: number | null;
  readonly failure?: string | null;
  readonly retryAt?: number | null;
}

const messages: Readonly<Record<string, string>> = {
  "run.created": "a run is recorded",
  "run.started": "a run begins",
  "run.cancelling": "a run is being cancelled",
  "run.released": "a run is let go of",
  "run.takenOver": "a run is gone on with",
  "run.retried": "a run is tried again",
  "run.finished": "a run has ended",
  "target.started": "a target begins",
  "target.skipped": "a target is skipped",
  "target.finished": "a target has ended",
  "step.started": "an attempt begins",
  "step.finished": "an attempt has ended",
  "step.skipped": "a step is skipped",
  "step.interrupted": "an attempt was interrupted",
};

/**
 * Tells what happens to runs, event by event.
 *
 * @example
 * const observe = logRuns(log);
 * app.observeRuns(observe);
 */
export function logRuns(log: Log): (run: LoggedRun, events: readonly LoggedEvent[]) => void {
  return (run, events) => {
    for (const event of events) logEvent(log, run, event);
  };
}

function logEvent(log: Log, run: LoggedRun, { type, reason, actor, data }: LoggedEvent): void {
  const message = messages[type];
  if (message === undefined) return;
  const { target, step, attempt, state, exitCode, failure, retryAt } = data as EventData;
  const failed = state === "failed" || state === "partial" || type === "step.interrupted";
  const level = failed ? "warn" : type.startsWith("step.") ? "debug" : "info";
  log[level](message, {
    runId: run.id,
    traceId: traceOfRun(run.id, run.traceparent).traceId,
    workflow: run.plan.workflow.name,
    target,
    repository: target === undefined ? undefined : (run.targets.get(target)?.repository ?? undefined),
    step,
    attempt,
    state,
    reason,
    actor,
    exitCode: exitCode ?? undefined,
    failure: failure ?? undefined,
    retryAt: typeof retryAt === "number" ? new Date(retryAt).toISOString() : undefined,
  });
}
