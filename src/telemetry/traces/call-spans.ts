import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import type { TracingChannel, TracingChannelSubscribers } from "node:diagnostics_channel";
import { gitCalls, type RunCall, runCalls, storeCalls } from "../../lib/calls.ts";
import { traceOfRun } from "../../lib/trace-context.ts";
import { messageOf } from "../../lib/errors.ts";
import type { EmitSpan, SpanAttributes } from "./span.ts";
import { attemptSpanId, runSpanId, targetSpanId } from "./span-ids.ts";

/** What is going on: the span that calls made meanwhile lie under. Most work calls nothing, so ids are made when one is asked for. */
class Work {
  isOver = false;
  readonly #call: RunCall;
  readonly #ratio: number;
  #place: WorkPlace | undefined;

  constructor(call: RunCall, ratio: number) {
    this.#call = call;
    this.#ratio = ratio;
  }

  get place(): WorkPlace {
    return (this.#place ??= placeOf(this.#call, this.#ratio));
  }
}

interface WorkPlace {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
  readonly runId: string;
}

interface Begun {
  readonly place: WorkPlace;
  readonly at: number;
  readonly mark: number;
}

/** How a call is told. */
interface Telling {
  readonly name: string;
  readonly kind: "internal" | "client";
  readonly attributes: SpanAttributes;
}

/**
 * Makes spans of what git and the store are called for while a run is worked on, until it is disposed. Calls that belong to no run
 * are not told. A commit that writes for many lies under the work that asked for it first.
 */
export function followCalls(ratio: number, emit: EmitSpan): Disposable {
  const current = new AsyncLocalStorage<Work | undefined>();
  const works = new WeakMap<object, Work>();
  runCalls.start.bindStore(current, (call) => {
    const work = new Work(call, ratio);
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
  const stopGit = follow(gitCalls, current, emit, ({ verb, folder }) => ({
    name: `git ${verb}`,
    kind: "internal",
    attributes: {
      "mahavishnu.git.verb": verb,
      "process.executable.name": "git",
      "process.working_directory": folder,
    },
  }));
  const stopStore = follow(storeCalls, current, emit, ({ kind }) => ({
    name: `store ${kind}`,
    kind: "client",
    attributes: { "db.system.name": "sqlite", "db.operation.name": kind },
  }));
  return {
    [Symbol.dispose]: () => {
      stopGit();
      stopStore();
      runCalls.unsubscribe(end as TracingChannelSubscribers<RunCall>);
      runCalls.start.unbindStore(current);
    },
  };
}

function placeOf(call: RunCall, ratio: number): WorkPlace {
  const { runId, runRound, traceparent, target, round = 1, step, attempt } = call;
  const { traceId, sampled } = traceOfRun(runId, traceparent, ratio);
  const about = { traceId, isSampled: sampled, runId };
  if (target === undefined) return { ...about, spanId: runSpanId(runId, runRound) };
  if (step === undefined || attempt === undefined) return { ...about, spanId: targetSpanId(runId, target, round) };
  return { ...about, spanId: attemptSpanId(runId, target, step, attempt) };
}

function follow<Call extends object>(
  channel: TracingChannel<unknown, Call>,
  current: AsyncLocalStorage<Work | undefined>,
  emit: EmitSpan,
  tell: (call: Call) => Telling,
): () => void {
  const begun = new WeakMap<Call, Begun>();
  const finish = (call: Call): void => {
    const begin = begun.get(call);
    if (begin === undefined) return;
    begun.delete(call);
    const { place, at, mark } = begin;
    const { name, kind, attributes } = tell(call);
    emit({
      traceId: place.traceId,
      spanId: newSpanId(),
      parentId: place.spanId,
      name,
      kind,
      start: at,
      end: at + performance.now() - mark,
      error: "error" in call ? messageOf(call.error) : null,
      attributes: { "mahavishnu.run.id": place.runId, ...attributes },
    });
  };
  const subscribers: Partial<TracingChannelSubscribers<Call>> = {
    start: (call) => {
      const work = current.getStore();
      if (work === undefined || work.isOver || !work.place.isSampled) return;
      // The clock of the journal, so that it lies inside; the other one measures parts of a millisecond.
      begun.set(call, { place: work.place, at: Date.now(), mark: performance.now() });
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

/** Of 64 random bits: the first 32 and the last ones of a UUID, which comes out of a pool. */
function newSpanId(): string {
  const digits = randomUUID();
  return digits.slice(0, 8) + digits.slice(-8);
}
