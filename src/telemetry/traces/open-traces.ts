import { followCalls } from "./call-spans.ts";
import { RunSpans } from "./run-spans.ts";
import { type SenderOptions, SpanSender } from "./span-sender.ts";
import type { TracedEvent, TracedRun } from "./traced-run.ts";

/** The traces that this process tells. */
export interface Traces extends AsyncDisposable {
  /** Takes durable events of a run that this process executes. */
  observe(run: TracedRun, events: readonly TracedEvent[]): void;
}

/** What traces are made with. */
export interface TracesOptions extends SenderOptions {
  /** Which part of the runs is traced, from 0 to 1. */
  readonly ratio: number;
}

/**
 * Sends a span tree of every run that this process executes, with what git and the store did for it. Loads the OpenTelemetry SDK,
 * so it is only imported where traces are configured. Disposing of it sends what is left, for 2 s at most.
 *
 * @example
 * await using traces = openTraces({ endpoint: "http://127.0.0.1:4318", ratio: 1, log });
 * app.observeRuns((run, events) => traces.observe(run, events));
 */
export function openTraces({ ratio, ...where }: TracesOptions): Traces {
  const sender = new SpanSender(where);
  const emit = sender.send.bind(sender);
  const spans = new RunSpans(ratio, emit);
  const calls = followCalls(ratio, emit);
  return {
    observe: (run, events) => spans.observe(run, events),
    [Symbol.asyncDispose]: async () => {
      calls[Symbol.dispose]();
      await sender[Symbol.asyncDispose]();
    },
  };
}
