import type { Engine, RunHandle } from "../engine/engine.ts";
import type { RunStatus } from "../engine/state.ts";
import type { Store, UnownedRun } from "../store/contract.ts";

/** While runs of this process go on, others are heard this often (a read of a microsecond), and otherwise every second. */
const activeMs = 100;
const idleMs = 1_000;
/** A dead owner writes nothing, so even where nothing was written the store is asked this often. */
const lookAgainMs = 1_000;
/** Runs claimed beyond those that may go on at once: the next ones begin without a look at the store in between. */
const ahead = 4;
/** What could not be claimed is tried again after this time, doubled with each failure. */
const firstRetryMs = 1_000;
const longestRetryMs = 30_000;
/** After this many failures one after the other the cause is not the run's: then one is tried at a time, after a wait. */
const failuresInARow = 3;

/** What a dispatcher tells about its work. */
export type DispatchEvent =
  /** The run goes on here. */
  | { readonly kind: "claimed"; readonly runId: string; readonly state: string }
  /** It is over, or was released; the state tells. */
  | { readonly kind: "ended"; readonly runId: string; readonly state: RunStatus }
  /** It cannot be gone on with here; tried again after `retryMs` milliseconds. */
  | { readonly kind: "failed"; readonly runId: string; readonly error: unknown; readonly retryMs: number }
  /** It went on here and does not any more: another process has taken it over, or its journal cannot be written. */
  | { readonly kind: "lost"; readonly runId: string; readonly error: unknown }
  /** The store cannot be asked; tried again after `retryMs` milliseconds. */
  | { readonly kind: "blind"; readonly error: unknown; readonly retryMs: number };

/** What a dispatcher works with. */
export interface DispatcherOptions {
  readonly store: Pick<Store, "dataVersion" | "listUnowned">;
  readonly engine: Pick<Engine, "drain" | "listAbandoned" | "serve" | "take">;
  /** `limits.maxConcurrentWorkflows`. */
  readonly maxConcurrentRuns: number;
  /** Told of everything that a log should know. */
  readonly observe: (event: DispatchEvent) => void;
}

/** Goes on with runs that nobody else goes on with; see `startDispatcher`. */
export interface Dispatcher {
  /** Looks at once: this process has recorded a run, which nothing else tells. */
  wake(): void;
  /** What stood in the way is gone: tries at once whatever it waits with. */
  retry(): void;
  /**
   * Stops claiming; what has begun may end for `drainMs`, and the rest is released for other servers. Called once more with less time,
   * the shorter one counts. Resolves with the ids of released runs.
   */
  stop(options: { readonly drainMs: number }): Promise<readonly string[]>;
}

/**
 * Makes this process a server of the workspace: detached runs are begun here in their order, and runs whose owner died or let go are
 * gone on with. Each is claimed through the store, so that of any number of servers one has it. No more are claimed than may go on at
 * once, and a few.
 *
 * @example
 * const dispatcher = await startDispatcher({ store, engine, maxConcurrentRuns: 5, observe: (event) => logger.info(event) });
 * const released = await dispatcher.stop({ drainMs: 30_000 });
 */
export async function startDispatcher(options: DispatcherOptions): Promise<Dispatcher> {
  const server = await options.engine.serve();
  return new RunDispatcher(options, server);
}

/** When to try something again that has failed. */
interface Retry {
  readonly ms: number;
  readonly at: number;
}

class RunDispatcher implements Dispatcher {
  readonly #options: DispatcherOptions;
  readonly #server: AsyncDisposable;
  /** Runs that go on here through this dispatcher, or are being claimed. */
  readonly #runs = new Set<string>();
  readonly #claims = new Set<Promise<void>>();
  /** By run. Those that are gone in another way are forgotten when they are not seen any more. */
  readonly #retries = new Map<string, Retry>();
  #failures = 0;
  #pause: Retry | undefined;
  #blind: Retry | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> | undefined;
  #isStopped = false;
  #isAwake = false;
  #version = -1;
  #lookedAt = 0;

  constructor(options: DispatcherOptions, server: AsyncDisposable) {
    this.#options = options;
    this.#server = server;
    this.wake();
  }

  wake(): void {
    this.#isAwake = true;
    this.#schedule(0);
  }

  retry(): void {
    if (this.#pause !== undefined) this.#pause = { ...this.#pause, at: 0 };
    if (this.#blind !== undefined) this.#blind = { ...this.#blind, at: 0 };
    for (const [runId, { ms }] of this.#retries) this.#retries.set(runId, { ms, at: 0 });
    this.wake();
  }

  async stop({ drainMs }: { readonly drainMs: number }): Promise<readonly string[]> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
    await Promise.all(this.#claims);
    try {
      await this.#server[Symbol.asyncDispose]();
    } catch (error) {
      // Its lease will tell the others that it is no server any more.
      this.#options.observe({ kind: "blind", error, retryMs: 0 });
    }
    return await this.#options.engine.drain(drainMs);
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (this.#isStopped) return;
    this.#timer = setTimeout(() => {
      // One look at a time; what asks for another meanwhile is heard when it ends.
      this.#looking ??= this.#listen().finally(() => {
        this.#looking = undefined;
        this.#schedule(this.#isAwake && this.#blind === undefined ? 0 : this.#runs.size > 0 ? activeMs : idleMs);
      });
    }, ms);
  }

  async #listen(): Promise<void> {
    const { store, observe } = this.#options;
    const now = Date.now();
    if (this.#blind !== undefined && now < this.#blind.at) return;
    try {
      const version = store.dataVersion();
      if (!this.#isAwake && version === this.#version && now - this.#lookedAt < lookAgainMs) return;
      this.#isAwake = false;
      this.#version = version;
      this.#lookedAt = now;
      await this.#look(now);
      this.#blind = undefined;
    } catch (error) {
      this.#blind = delayAfter(this.#blind, now);
      observe({ kind: "blind", error, retryMs: this.#blind.ms });
    }
  }

  async #look(now: number): Promise<void> {
    const { store, engine, maxConcurrentRuns } = this.#options;
    const most = maxConcurrentRuns + ahead;
    // Enough that those which are waited with hide no other.
    const found = await store.listUnowned(2 * most + this.#retries.size + this.#runs.size);
    const left = (await engine.listAbandoned()).map((runId): UnownedRun => ({ runId, state: "running" }));
    this.#forgetRetries([...left, ...found]);
    for (const run of [...left, ...found]) {
      if (this.#isStopped || now < (this.#pause?.at ?? 0)) return;
      if (this.#failures >= failuresInARow && this.#claims.size > 0) return;
      // What has begun comes first, and has places of its own: a few more of it cannot keep it waiting behind what has not.
      if (this.#runs.size >= (run.state === "queued" ? most : 2 * most)) return;
      if (this.#runs.has(run.runId) || now < (this.#retries.get(run.runId)?.at ?? 0)) continue;
      this.#claim(run);
    }
  }

  /** Not waited for: ending what a dead owner left takes time, and others need not wait for that. */
  #claim(run: UnownedRun): void {
    this.#runs.add(run.runId);
    const claim = this.#take(run).finally(() => this.#claims.delete(claim));
    this.#claims.add(claim);
  }

  async #take({ runId, state }: UnownedRun): Promise<void> {
    const { engine, observe } = this.#options;
    try {
      const handle = await engine.take(runId);
      this.#failures = 0;
      this.#pause = undefined;
      this.#retries.delete(runId);
      if (handle === null) {
        // Another server was faster; there may be more.
        this.#runs.delete(runId);
        this.wake();
        return;
      }
      observe({ kind: "claimed", runId, state });
      void this.#follow(handle);
    } catch (error) {
      this.#runs.delete(runId);
      this.#failures += 1;
      const now = Date.now();
      const retry = delayAfter(this.#retries.get(runId), now);
      this.#retries.set(runId, retry);
      // Those that failed together count once.
      const isPaused = now < (this.#pause?.at ?? 0);
      if (this.#failures >= failuresInARow && !isPaused) this.#pause = delayAfter(this.#pause, now);
      observe({ kind: "failed", runId, error, retryMs: retry.ms });
    }
  }

  async #follow({ runId, done }: RunHandle): Promise<void> {
    const { observe } = this.#options;
    try {
      const { state } = await done;
      this.#runs.delete(runId);
      observe({ kind: "ended", runId, state });
    } catch (error) {
      this.#runs.delete(runId);
      this.#retries.set(runId, delayAfter(undefined, Date.now()));
      observe({ kind: "lost", runId, error });
    }
    this.wake();
  }

  #forgetRetries(seen: readonly UnownedRun[]): void {
    if (this.#retries.size === 0) return;
    const ids = new Set(seen.map(({ runId }) => runId));
    for (const runId of this.#retries.keys()) if (!ids.has(runId)) this.#retries.delete(runId);
  }
}

/** The wait after a failure, twice that of the one before. */
function delayAfter(before: Retry | undefined, now: number): Retry {
  const ms = before === undefined ? firstRetryMs : Math.min(before.ms * 2, longestRetryMs);
  return { ms, at: now + ms };
}
