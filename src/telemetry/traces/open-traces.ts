import { Worker } from "node:worker_threads";
import type { Log } from "../../lib/log.ts";
import type { Secret } from "../../lib/secret.ts";
import { followCalls } from "./call-spans.ts";
import { RunSpans } from "./run-spans.ts";
import type { SpanNote } from "./span-note.ts";
import type { ThreadMessage, TraceThreadData } from "./trace-thread.ts";
import type { TracedEvent, TracedRun } from "./traced-run.ts";

/** The traces that this process tells. */
export interface Traces extends AsyncDisposable {
  /** Takes durable events of a run that this process executes. */
  observe(run: TracedRun, events: readonly TracedEvent[]): void;
}

/** What traces are made with. */
export interface TracesOptions {
  /** See `SenderOptions`. */
  readonly endpoint: string;
  readonly token?: Secret;
  /** Which part of the runs is traced, from 0 to 1. */
  readonly ratio: number;
  /** Told of spans that are dropped. */
  readonly log: Log;
}

/** Notes handed over at once, and how long one waits for others. */
const batchSize = 256;
const delayMs = 200;
/** Notes that the thread has not worked off, at most. */
const longestQueue = 16_384;
/** How long the end waits for the thread: it sends for 2 s at most, once it is there. */
const endMs = 2_500;
const startMs = 5_000;

/**
 * Sends a span tree of every run that this process executes, with what git and the store did for it. What costs time is done in a thread of
 * its own, and only there the OpenTelemetry SDK is loaded. Disposing of it sends what is left, for about 2 s at most.
 *
 * @example
 * await using traces = openTraces({ endpoint: "http://127.0.0.1:4318", ratio: 1, log });
 * app.observeRuns((run, events) => traces.observe(run, events));
 */
export function openTraces({ endpoint, token, ratio, log }: TracesOptions): Traces {
  const thread = new TraceThread({ endpoint, token: token?.reveal() ?? null, ratio }, log);
  const take = thread.take.bind(thread);
  const spans = new RunSpans(ratio, take);
  const calls = followCalls(take);
  return {
    observe: (run, events) => spans.observe(run, events),
    [Symbol.asyncDispose]: async () => {
      calls[Symbol.dispose]();
      await thread.end();
    },
  };
}

class TraceThread {
  readonly #log: Log;
  readonly #worker: Worker;
  readonly #ready = Promise.withResolvers<void>();
  readonly #ended = Promise.withResolvers<void>();
  #batch: SpanNote[] = [];
  #timer: NodeJS.Timeout | undefined;
  /** Handed over and not worked off. */
  #waiting = 0;
  #dropped = 0;
  #isOver = false;

  constructor(data: TraceThreadData, log: Log) {
    this.#log = log;
    // The build has the thread beside its entry; see scripts/lib/bundle.ts.
    const file = import.meta.url.endsWith(".ts") ? "./trace-thread.ts" : "../trace-thread.js";
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: data, execArgv: [], stdout: true });
    this.#worker.unref();
    this.#worker.on("message", (message: ThreadMessage) => this.#hear(message));
    this.#worker.on("error", (error: Error) => {
      this.#isOver = true;
      this.#log.error("traces have ended", { error });
    });
    this.#worker.on("exit", () => {
      this.#isOver = true;
      this.#ready.resolve();
      this.#ended.resolve();
    });
  }

  take(note: SpanNote): void {
    if (this.#isOver) return;
    if (this.#waiting + this.#batch.length >= longestQueue) {
      this.#dropped += 1;
      if (this.#dropped === 1) this.#log.warn("spans are dropped", { spans: 1, reason: "they come too fast" });
      return;
    }
    this.#batch.push(note);
    if (this.#batch.length >= batchSize) this.#handOver();
    else this.#timer ??= setTimeout(() => this.#handOver(), delayMs).unref();
  }

  /** Has everything sent, and ends the thread. */
  async end(): Promise<void> {
    if (this.#isOver) return;
    this.#handOver();
    this.#isOver = true;
    this.#worker.ref();
    this.#tell("end");
    await within(startMs, this.#ready.promise);
    await within(endMs, this.#ended.promise);
    await this.#worker.terminate();
    if (this.#dropped > 1) this.#log.warn("spans were dropped", { spans: this.#dropped, reason: "they came too fast" });
  }

  #handOver(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#batch.length === 0) return;
    this.#waiting += this.#batch.length;
    this.#tell(JSON.stringify(this.#batch));
    this.#batch = [];
  }

  #tell(text: string): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    this.#worker.postMessage(text);
  }

  #hear(message: ThreadMessage): void {
    if (message.kind === "taken") this.#waiting -= message.notes;
    else if (message.kind === "warn") this.#log.warn(message.message, message.fields);
    else if (message.kind === "ready") this.#ready.resolve();
    else this.#ended.resolve();
  }
}

/** Waits for it, but not longer. */
async function within(ms: number, promise: Promise<void>): Promise<void> {
  const limit = Promise.withResolvers<void>();
  const timer = setTimeout(limit.resolve, ms);
  await Promise.race([promise, limit.promise]);
  clearTimeout(timer);
}
