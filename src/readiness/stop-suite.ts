import { formatDuration } from "../lib/duration.ts";
import type { Stop } from "./verdict.ts";

/** What may end a suite before its plan does. */
export interface StopRequest {
  /** Aborted by Ctrl-C and the like. */
  readonly interrupt: AbortSignal;
  /** Which signal it was, asked once `interrupt` is aborted. */
  readonly interruptCode: () => 130 | 143;
  /** Milliseconds for the whole suite. */
  readonly deadlineMs?: number;
}

/** One signal for all that may end a suite, and what ended it. */
export interface SuiteStop extends Disposable {
  readonly signal: AbortSignal;
  /** Undefined while nothing has interrupted it; a deadline is no interruption. */
  readonly interruption: () => Stop | undefined;
  readonly deadlinePassed: () => boolean;
}

/** Joins the user's interruption and the deadline of the whole suite. The signal's reason is a sentence for the report. */
export function watchStops(request: StopRequest): SuiteStop {
  const { interrupt, interruptCode, deadlineMs } = request;
  const controller = new AbortController();
  let passed = false;
  const onInterrupt = (): void => {
    controller.abort(new Error("the suite was interrupted"));
  };
  if (interrupt.aborted) onInterrupt();
  interrupt.addEventListener("abort", onInterrupt, { once: true });
  const timer =
    deadlineMs === undefined
      ? undefined
      : setTimeout(() => {
          passed = true;
          controller.abort(new Error(`the deadline of ${formatDuration(deadlineMs)} passed`));
        }, deadlineMs);
  return {
    signal: controller.signal,
    interruption: () =>
      interrupt.aborted ? { code: interruptCode(), reason: "the suite was interrupted" } : undefined,
    deadlinePassed: () => passed,
    [Symbol.dispose]: () => {
      clearTimeout(timer);
      interrupt.removeEventListener("abort", onInterrupt);
    },
  };
}
