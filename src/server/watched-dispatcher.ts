import { setTimeout as delay } from "node:timers/promises";
import { type DispatchEvent, type Dispatcher, type DispatcherOptions, startDispatcher } from "../app/dispatcher.ts";
import { messageOf } from "../lib/errors.ts";
import type { Finding } from "./health/health-board.ts";

/** A dispatcher looks each second; one that has not for so long does not any more. */
const silentMs = 15_000;
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;

/**
 * The dispatcher of a server, with what a health check asks of it. When it cannot be started, it is tried again until it can: the HTTP
 * side is there meanwhile, and shows it.
 */
export class WatchedDispatcher {
  /** Resolves when it has looked for runs for the first time. Never rejects. */
  readonly started: Promise<void>;
  readonly #options: DispatcherOptions;
  readonly #observe: (event: DispatchEvent) => void;
  readonly #stopping = new AbortController();
  readonly #hasLooked = Promise.withResolvers<void>();
  #starting: Promise<Dispatcher | null> = Promise.resolve(null);
  #dispatcher: Dispatcher | null = null;
  #hasStarted = false;
  #trouble: string | null = "it has not begun yet";
  #beatAt = performance.now();

  constructor(options: DispatcherOptions) {
    const { store } = options;
    this.started = this.#hasLooked.promise;
    this.#observe = options.observe;
    this.#options = {
      ...options,
      store: {
        dataVersion: () => {
          this.#beatAt = performance.now();
          return store.dataVersion();
        },
        listUnowned: async (limit) => {
          const found = await store.listUnowned(limit);
          this.#noteLook();
          return found;
        },
      },
      observe: (event) => this.#note(event),
    };
  }

  get hasStarted(): boolean {
    return this.#hasStarted;
  }

  /** Begins to start it. */
  start(): void {
    this.#starting = this.#startPatiently();
  }

  /** How it is. */
  look(): Finding {
    if (this.#trouble !== null) return { status: "fail", output: `runs that wait are not begun: ${this.#trouble}` };
    const silent = performance.now() - this.#beatAt;
    if (silent < silentMs) return { status: "pass" };
    return { status: "fail", output: `the dispatcher has not looked for runs for ${Math.round(silent / 1_000)} s` };
  }

  /** The store works again: what waits for that need not wait any longer. */
  retry(): void {
    this.#dispatcher?.retry();
  }

  /** See `Dispatcher`. */
  async stop(request: { readonly drainMs: number }): Promise<readonly string[]> {
    this.#stopping.abort();
    return (await (await this.#starting)?.stop(request)) ?? [];
  }

  async #startPatiently(): Promise<Dispatcher | null> {
    const { signal } = this.#stopping;
    for (let retryMs = firstRetryMs; !signal.aborted; retryMs = Math.min(retryMs * 2, longestRetryMs)) {
      try {
        this.#dispatcher = await startDispatcher(this.#options);
        return this.#dispatcher;
      } catch (error) {
        this.#note({ kind: "blind", error, retryMs });
        await delay(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
    return null;
  }

  #noteLook(): void {
    this.#trouble = null;
    this.#hasStarted = true;
    this.#hasLooked.resolve();
  }

  #note(event: DispatchEvent): void {
    if (event.kind === "blind") {
      this.#trouble = messageOf(event.error);
      // It rests until then.
      this.#beatAt = performance.now() + event.retryMs;
    }
    this.#observe(event);
  }
}
