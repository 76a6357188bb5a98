import { createHash } from "node:crypto";
import type { RunRow } from "../store/contract.ts";
import type { JournalEntry, NewDelivery } from "../store/webhook-contract.ts";
import type { OutgoingHook } from "./webhook-hooks.ts";

/** Types of the journal that hooks can be told of. */
const journalTypes = ["run.created", "run.started", "run.retried", "run.finished"] as const;

/** What is told of every event, whichever it is. */
export interface EventSource {
  readonly workspaceId: string;
  /** The origin under which the server is reached; without it, no address of the run is told. */
  readonly publicUrl: string | undefined;
}

/** The types of the journal that a hook wants to hear of. */
export function journalTypesOf({ on }: Pick<OutgoingHook, "on">): string[] {
  return journalTypes.filter((type) => on.includes(type) || (type === "run.finished" && on.some(isEnd)));
}

function isEnd(name: string): boolean {
  return ["run.succeeded", "run.partial", "run.failed", "run.cancelled"].includes(name);
}

/** Whether a hook is told of an entry of the journal, by its type, its state and its workflow. */
export function wants(hook: Pick<OutgoingHook, "on" | "workflows">, entry: JournalEntry, workflow: string): boolean {
  if (hook.workflows.length > 0 && !hook.workflows.includes(workflow)) return false;
  if (hook.on.includes(entry.type)) return true;
  return entry.type === "run.finished" && hook.on.includes(`run.${stateOf(entry)}`);
}

/** The state that the run is in by this very event; it may have gone on since. */
function stateOf({ type, data }: JournalEntry): string {
  if (type === "run.finished") return String((JSON.parse(data) as { readonly state?: unknown }).state);
  return type === "run.started" ? "running" : "queued";
}

/**
 * The delivery of an entry to a hook: a CloudEvent (1.0, JSON). Whoever makes it from the same entry makes the same, so that a
 * receiver can tell it again by its id.
 */
export function makeDelivery(hook: string, entry: JournalEntry, row: RunRow, source: EventSource): NewDelivery {
  const { workflow, revision, counts } = row;
  const { runId, seq, actor, reason } = entry;
  const data = {
    runId,
    workflow,
    revision,
    state: stateOf(entry),
    reason,
    actor,
    seq,
    ...(entry.type === "run.finished" ? { counts } : {}),
    ...(source.publicUrl === undefined ? {} : { url: `${source.publicUrl}/v1/runs/${runId}` }),
  };
  const id = makeId(source.workspaceId, hook, String(seq));
  return wrap(id, hook, { type: entry.type, runId, time: entry.time, data }, source);
}

/** A delivery that says nothing but that it came. */
export function makeTestDelivery(hook: string, nonce: string, now: number, source: EventSource): NewDelivery {
  const id = makeId(source.workspaceId, hook, `test:${nonce}`);
  return wrap(id, hook, { type: "webhook.test", runId: null, time: now, data: { webhook: hook } }, source);
}

interface Told {
  readonly type: string;
  readonly runId: string | null;
  readonly time: number;
  readonly data: object;
}

function wrap(id: string, hook: string, { type, runId, time, data }: Told, { workspaceId }: EventSource): NewDelivery {
  const event = {
    specversion: "1.0",
    id,
    source: `urn:mahavishnu:workspace:${workspaceId}`,
    type: `dev.mahavishnu.${type}`,
    time: new Date(time).toISOString(),
    ...(runId === null ? {} : { subject: `runs/${runId}` }),
    datacontenttype: "application/json",
    data,
  };
  return { id, hook, type: event.type, runId, body: JSON.stringify(event) };
}

function makeId(...parts: readonly string[]): string {
  return `evt_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24)}`;
}
