import { newRunId } from "../lib/ids.ts";
import type { RunJournal } from "../store/contract.ts";
import { makeEvent } from "./events.ts";
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
  { plan, actor, reason, idempotencyKey }: StartRequest,
): Promise<RecordedRun> {
  const id = newRunId();
  const told = { time: Date.now(), actor, reason: `${reason}; waits for a server` };
  const created = makeEvent("run.created", { plan }, told);
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
