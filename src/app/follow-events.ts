import { isOver } from "../engine/state.ts";
import type { RunEvent } from "../engine/events.ts";
import { reduce, replay } from "../engine/reduce.ts";
import type { EventRecord } from "../store/contract.ts";
import type { AppContext } from "./app-context.ts";
import { noSuchRun, shortenRunId } from "./find-run.ts";
import type { RunVeil } from "./run-veil.ts";
import { type EventView, type RunView, viewEvent, viewRun } from "./run-view.ts";

/** An event of a followed run, or, at its end, the run itself. */
export type FollowedItem =
  | { readonly type: "event"; readonly event: EventView }
  | { readonly type: "run"; readonly run: RunView };

/** How often a run that goes on is looked at. */
const lookMs = 100;

/** What is followed. */
export interface Followed {
  readonly id: string;
  /** The run's own sequence number of the last event that is known already. */
  readonly after: number;
  readonly veil: RunVeil;
}

/**
 * Every event of a run from some place on, each once and in order, as it becomes durable; then the run, once it is over or nobody
 * who lives executes it. Ends early when whoever asked has gone.
 */
export async function* followEvents(context: AppContext, { id, after, veil }: Followed): AsyncGenerator<FollowedItem> {
  const store = await context.history();
  const known = (await store.readEvents(id)).map((event) => veil.cover(event));
  const state = replay(known);
  const tell = (event: EventRecord): FollowedItem => ({ type: "event", event: viewEvent(event) });
  for (const event of known.slice(after)) yield tell(event);
  for (let mark = ""; !context.signal.aborted;) {
    const now = store.changeMark();
    if (now !== mark) {
      mark = now;
      for (const stored of await store.readEvents(id, state.runSeq)) {
        const event = veil.cover(stored);
        reduce(state, event as unknown as RunEvent);
        if (event.runSeq > after) yield tell(event);
      }
    }
    const row = await store.getRun(id);
    if (row === null) throw noSuchRun(id);
    const facts = { row, shortId: await shortenRunId(store, id), hidden: veil.size, now: Date.now() };
    const run = viewRun(state, facts);
    // The row may be ahead of what was read; then the rest is read first.
    if (isOver(state.state) ? run.state === state.state : run.state === "interrupted") {
      yield { type: "run", run };
      return;
    }
    await sleep(lookMs, context.signal);
  }
}

/** Waits, not longer than somebody wants to know. */
export async function sleep(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const stop = (): void => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      resolve();
    };
    const timer = setTimeout(stop, ms);
    signal.addEventListener("abort", stop, { once: true });
  });
}
