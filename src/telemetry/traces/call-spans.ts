import { AsyncLocalStorage } from "node:async_hooks";
import type { TracingChannel, TracingChannelSubscribers } from "node:diagnostics_channel";
import { gitCalls, type RunCall, runCalls, storeCalls } from "../../lib/calls.ts";
import { messageOf } from "../../lib/errors.ts";
import type { CallNote, TakeNote } from "./span-note.ts";

/** What is going on. */
interface Work {
  readonly call: RunCall;
  isOver: boolean;
}

interface Begun {
  readonly call: RunCall;
  readonly at: number;
  readonly mark: number;
}

/**
 * Notes down what git and the store are called for while a run is worked on, until it is disposed. Calls that belong to no run
 * are not told. A commit that writes for many lies under the work that asked for it first.
 */
export function followCalls(take: TakeNote): Disposable {
  const current = new AsyncLocalStorage<Work | undefined>();
  const works = new WeakMap<object, Work>();
  runCalls.start.bindStore(current, (call) => {
    const work = { call, isOver: false };
    works.set(call, work);
    return work;
  });
  const end: Partial<TracingChannelSubscribers<RunCall>> = {
    // What goes on in its asynchronous context afterwards, such as a timer, is not its work any more.
    asyncEnd: (call) => {
      const work = works.get(call);
      if (work !== undefined) work.isOver = true;
    },
  };
  subscribe(runCalls, end);
  const stopGit = follow(gitCalls, current, take, ({ verb, folder }) => ({ part: "git", verb, folder }));
  const stopStore = follow(storeCalls, current, take, ({ kind }) => ({ part: "store", verb: kind }));
  return {
    [Symbol.dispose]: () => {
      stopGit();
      stopStore();
      runCalls.unsubscribe(end as TracingChannelSubscribers<RunCall>);
      runCalls.start.unbindStore(current);
    },
  };
}

function follow<Call extends object>(
  channel: TracingChannel<unknown, Call>,
  current: AsyncLocalStorage<Work | undefined>,
  take: TakeNote,
  tell: (call: Call) => Pick<CallNote, "part" | "verb" | "folder">,
): () => void {
  const begun = new WeakMap<Call, Begun>();
  const finish = (call: Call): void => {
    const begin = begun.get(call);
    if (begin === undefined) return;
    begun.delete(call);
    const { at, mark } = begin;
    const { runId, runRound, traceparent, ...where } = begin.call;
    take({
      ...tell(call),
      ...where,
      runId,
      runRound,
      traceparent,
      start: at,
      end: at + performance.now() - mark,
      ...("error" in call ? { error: messageOf(call.error) } : {}),
    });
  };
  const subscribers: Partial<TracingChannelSubscribers<Call>> = {
    start: (call) => {
      const work = current.getStore();
      if (work === undefined || work.isOver) return;
      // The clock of the journal, so that it lies inside; the other one measures parts of a millisecond.
      begun.set(call, { call: work.call, at: Date.now(), mark: performance.now() });
    },
    // Of a promise, this is only the end of what came before it.
    end: (call) => {
      if ("result" in call || "error" in call) finish(call);
    },
    asyncEnd: finish,
  };
  subscribe(channel, subscribers);
  return () => channel.unsubscribe(subscribers as TracingChannelSubscribers<Call>);
}

/** The types ask for all five subscribers; Node takes those that are there. */
function subscribe<Call extends object>(
  channel: TracingChannel<unknown, Call>,
  subscribers: Partial<TracingChannelSubscribers<Call>>,
): void {
  channel.subscribe(subscribers as TracingChannelSubscribers<Call>);
}
