import { replay } from "../engine/reduce.ts";
import type { EventRecord, RunRow, Store } from "../store/contract.ts";
import type { AppContext } from "./app-context.ts";
import { shortenRunId } from "./find-run.ts";
import type { RunVeil } from "./run-veil.ts";
import { type EventView, type RunView, viewEvent, viewRun } from "./run-view.ts";

/** An event of a followed run, or, at its end, the run itself. */
export type FollowedItem =
  | { readonly type: "event"; readonly event: EventView }
  | { readonly type: "run"; readonly run: RunView };

/** What is followed. */
export interface Followed {
  readonly id: string;
  /** The run's own sequence number of the last event that is known already. */
  readonly after: number;
  readonly veil: RunVeil;
}

/** Views of events that are shown as they are: one for all who follow. */
const plainViews = new WeakMap<EventRecord, FollowedItem>();

/**
 * Every event of a run from some place on, each once and in order, as it becomes durable; then the run, once it is over or nobody
 * who lives executes it or would take it over. Ends early when whoever asked has gone.
 */
export async function* followEvents(context: AppContext, { id, after, veil }: Followed): AsyncGenerator<FollowedItem> {
  const store = await context.history();
  const { signal } = context;
  using feed = await (await context.runFeeds()).follow(store, id);
  for (let next = after; !signal.aborted;) {
    for (; next < feed.events.length && !signal.aborted; next += 1) {
      yield showEvent(feed.events[next] as EventRecord, veil);
    }
    const row = feed.ended;
    if (row !== null && next >= feed.events.length) {
      yield await showEnd(feed.events, row, { store, veil });
      return;
    }
    await orAborted(feed.more(), signal);
  }
}

function showEvent(event: EventRecord, veil: RunVeil): FollowedItem {
  if (veil.size > 0) return { type: "event", event: viewEvent(veil.cover(event)) };
  let shown = plainViews.get(event);
  if (shown === undefined) {
    shown = { type: "event", event: viewEvent(event) };
    plainViews.set(event, shown);
  }
  return shown;
}

/** Ends of runs that are shown as they are, by the row that was read: one for all who follow. */
const plainEnds = new WeakMap<RunRow, Promise<FollowedItem>>();

async function showEnd(
  events: readonly EventRecord[],
  row: RunRow,
  { store, veil }: { readonly store: Store; readonly veil: RunVeil },
): Promise<FollowedItem> {
  const show = async (): Promise<FollowedItem> => {
    const state = replay(veil.size === 0 ? events : events.map((event) => veil.cover(event)));
    const shortId = await shortenRunId(store, row.id);
    return { type: "run", run: viewRun(state, { row, shortId, hidden: veil.size, now: Date.now() }) };
  };
  if (veil.size > 0) return await show();
  let shown = plainEnds.get(row);
  if (shown === undefined) plainEnds.set(row, (shown = show()));
  return await shown;
}

/** Waits, not longer than somebody wants to know. */
async function orAborted(waiting: Promise<void>, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  const aborted = Promise.withResolvers<void>();
  const stop = (): void => aborted.resolve();
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([waiting, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

/** Waits for some time, not longer than somebody wants to know. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  await orAborted(new Promise((resolve) => setTimeout(resolve, ms)), signal);
}
