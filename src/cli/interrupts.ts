import { exitCodes } from "./exit-codes.ts";

/** Signals that a person or a supervisor ends a command with. */
export type InterruptSignal = "SIGINT" | "SIGTERM" | "SIGHUP";

/**
 * What a signal asks for.
 *
 * - `cancel`: Ctrl-C; end what is going on, with grace.
 * - `cancelAtOnce`: Ctrl-C again; end it without grace.
 * - `leave`: TERM or HUP; let go of everything and stop, so that another process can go on later.
 */
export type Interruption =
  | { readonly kind: "cancel"; readonly signal: "SIGINT" }
  | { readonly kind: "cancelAtOnce"; readonly signal: "SIGINT" }
  | { readonly kind: "leave"; readonly signal: "SIGTERM" | "SIGHUP" };

/** Signals as a command's body sees them. */
export interface Interrupts {
  /** Aborted by the first signal. Reading it says that the body ends by itself; without that, the first signal ends the process. */
  readonly signal: AbortSignal;
  /** Called for each signal; says, as `signal` does, that the body ends by itself. Dispose it to stop listening. */
  subscribe(listener: (interruption: Interruption) => void): Disposable;
  /** The last one that came. */
  readonly last: Interruption | undefined;
  /** Says that to be ended by a signal is how the body ends well: its own exit code counts, as if none had come. */
  obey(): void;
  readonly isObeyed: boolean;
}

/** The exit code of a command that a signal ended. */
export function exitCodeOf(interruption: Interruption): number {
  return interruption.signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated;
}

/**
 * Turns signals into interruptions. A third signal, or one that no body listens for, ends the process at once.
 */
export class SignalInterrupts implements Interrupts {
  readonly #controller = new AbortController();
  readonly #listeners = new Set<(interruption: Interruption) => void>();
  readonly #endProcess: (code: number) => void;
  #claimed = false;
  #last: Interruption | undefined;
  #isObeyed = false;

  constructor(endProcess: (code: number) => void) {
    this.#endProcess = endProcess;
  }

  get signal(): AbortSignal {
    this.#claimed = true;
    return this.#controller.signal;
  }

  get last(): Interruption | undefined {
    return this.#last;
  }

  get isObeyed(): boolean {
    return this.#isObeyed;
  }

  obey(): void {
    this.#isObeyed = true;
  }

  subscribe(listener: (interruption: Interruption) => void): Disposable {
    this.#claimed = true;
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => void this.#listeners.delete(listener) };
  }

  /** Tells the body about a signal. */
  receive(signal: InterruptSignal): void {
    const interruption = nextInterruption(this.#last, signal);
    if (interruption === undefined || !this.#claimed) {
      this.#endProcess(signal === "SIGINT" ? exitCodes.interrupted : exitCodes.terminated);
      return;
    }
    this.#last = interruption;
    this.#controller.abort(interruption);
    for (const listener of this.#listeners) listener(interruption);
  }
}

/** What a signal means after the last one; undefined when the patience is at its end. */
export function nextInterruption(last: Interruption | undefined, signal: InterruptSignal): Interruption | undefined {
  if (signal !== "SIGINT") return last?.kind === "leave" ? undefined : { kind: "leave", signal };
  if (last === undefined) return { kind: "cancel", signal };
  return last.kind === "cancel" ? { kind: "cancelAtOnce", signal } : undefined;
}
