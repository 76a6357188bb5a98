import { Interruption } from "./interruption.ts";

/**
 * Tells work, once, that it must end and why. An AbortSignal costs several microseconds and most work never needs one, so it is
 * made only when somebody asks for it.
 *
 * @example
 * const ending = new Ending();
 * const forget = ending.onEnd((why) => child.kill());
 * ending.end(new Interruption("cancel", "cancelled by hand"));
 */
export class Ending {
  #why: Interruption | null = null;
  #listeners: Set<(why: Interruption) => void> | undefined;
  #controller: AbortController | undefined;

  /** Why the work must end, or null while it may go on. */
  get why(): Interruption | null {
    return this.#why;
  }

  /** The same as a signal, for whoever takes nothing else. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#why !== null) this.#controller.abort(this.#why);
    return this.#controller.signal;
  }

  /** Tells all listeners. Only the first reason counts. */
  end(why: Interruption): void {
    if (this.#why !== null) return;
    this.#why = why;
    this.#controller?.abort(why);
    const listeners = this.#listeners ?? [];
    this.#listeners = undefined;
    for (const listener of listeners) listener(why);
  }

  /** Calls `listener` when the work must end, at once when it must already. @returns what takes the listener away again */
  onEnd(listener: (why: Interruption) => void): () => void {
    if (this.#why !== null) {
      listener(this.#why);
      return () => undefined;
    }
    this.#listeners ??= new Set();
    const listeners = this.#listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** @throws Interruption when the work must end. */
  throwIfEnded(): void {
    if (this.#why !== null) throw this.#why;
  }
}

/** The longest wait that a timer can count; a longer limit is not counted at all, rather than ended at once. */
const longestTimerMs = 2 ** 31 - 1;

/** Ends work when its time is up. @returns what stops the clock */
export function endAfter(ending: Ending, ms: number, tell: () => string): () => void {
  if (ms > longestTimerMs) return () => undefined;
  const timer = setTimeout(() => ending.end(new Interruption("timeout", tell())), ms);
  return () => clearTimeout(timer);
}
