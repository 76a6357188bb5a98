import { newRunId } from "../lib/ids.ts";
import { parseTraceparent } from "../lib/trace-context.ts";
import type { RunJournal } from "../store/contract.ts";
import { type DataOf, makeEvent } from "./events.ts";
import type { Plan } from "./plan.ts";
import { beginState } from "./reduce.ts";
import { describeExtent } from "./run-extent.ts";
import { projectRow } from "./run-writer.ts";

/** A run to be started, or recorded. */
export interface StartRequest {
  readonly plan: Plan;
  readonly actor: string;
  readonly reason: string;
  readonly idempotencyKey?: string;
  /** The `traceparent` of whoever asks (W3C Trace Context): the run is then a part of that trace. */
  readonly traceparent?: string;
}

/** A run that was recorded for a server to begin. */
export interface RecordedRun {
  readonly runId: string;
  /** False when the idempotency key was known: `runId` is then the earlier run's, and nothing was recorded. */
  readonly created: boolean;
}

/**
 * Records a run that nobody owns: it waits until a server of the workspace claims it. Needs no engine, and so neither secrets nor
 * folders. Resolves when it is durable.
 *
 * @example
 * const { runId } = await recordRun(store, { plan, actor: "local:dana", reason: "mahavishnu run --detach" });
 */
export async function recordRun(
  store: Pick<RunJournal, "createRun">,
  { plan, actor, reason, idempotencyKey, traceparent }: StartRequest,
): Promise<RecordedRun> {
  const id = newRunId();
  const told = { time: Date.now(), actor, reason: `${reason}; waits for a server` };
  const created = makeEvent("run.created", createdData(plan, traceparent), told);
  const recorded = await store.createRun({
    id,
    workflow: plan.workflow.name,
    revision: plan.workflow.revision,
    actor,
    owner: null,
    extent: describeExtent(plan),
    events: [created],
    row: projectRow(beginState(id, created)),
    start: null,
    ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
  });
  return { runId: recorded.runId, created: recorded.created };
}

/** What the first event of a run holds; what is no `traceparent` is left out. */
export function createdData(plan: Plan, traceparent: string | undefined): DataOf<"run.created"> {
  if (traceparent === undefined || parseTraceparent(traceparent) === null) return { plan };
  return { plan, traceparent };
}
