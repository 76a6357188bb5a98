import type { Owner, RunDirectory } from "../store/contract.ts";

/**
 * The step slots of the workspace as this process sees them. Slots are held in the store, so that all processes together stay
 * below `limits.maxConcurrentSteps`, and handed out here first come, first served. While others want slots too, this process
 * keeps to its fair share and gives the rest back as its steps end. A dead owner's slots end with its lease.
 */
export class StepSlots {
  readonly #store: Pick<RunDirectory, "holdStepSlots">;
  readonly #owner: Owner;
  readonly #limit: number;
  readonly #waiting: (() => void)[] = [];
  #held = 0;
  #used = 0;
  #sharers = 1;
  #asking = false;
  #failed: ((error: unknown) => void) | undefined;

  constructor(store: Pick<RunDirectory, "holdStepSlots">, owner: Owner, limit: number) {
    this.#store = store;
    this.#owner = owner;
    this.#limit = limit;
  }

  /** What to do when the store cannot be asked. */
  onFailure(failed: (error: unknown) => void): void {
    this.#failed = failed;
  }

  /** Takes a slot if there is one at hand. */
  takeNow(): boolean {
    if (this.#used >= this.#held || this.#waiting.length > 0) return false;
    this.#used += 1;
    return true;
  }

  /** Resolves when a slot is taken; every one taken must be given back. */
  async take(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.takeNow()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#waiting.push(resolve);
    const abort = (): void => {
      const at = this.#waiting.indexOf(resolve);
      if (at === -1) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason as Error);
    };
    signal.addEventListener("abort", abort, { once: true });
    this.#ask();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  /** Gives a slot back. */
  give(): void {
    this.#used -= 1;
    this.#handOut();
    if (this.#held > this.#fairShare()) this.#ask();
  }

  /** Called when another process has written: slots may have become free, or are wanted elsewhere. */
  lookAgain(): void {
    if (this.#waiting.length > 0 || this.#held > 0) this.#ask();
  }

  #fairShare(): number {
    return this.#sharers === 1 ? this.#limit : Math.max(1, Math.floor(this.#limit / this.#sharers));
  }

  #wanted(): number {
    return Math.max(this.#used, Math.min(this.#used + this.#waiting.length, this.#fairShare()));
  }

  #handOut(): void {
    const bound = Math.min(this.#held, this.#fairShare());
    while (this.#used < bound && this.#waiting.length > 0) {
      this.#used += 1;
      this.#waiting.shift()?.();
    }
  }

  #ask(): void {
    if (this.#asking) return;
    // Alone, slots are kept for the next step: giving back and asking again would cost a write each.
    const wanted =
      this.#sharers === 1 && this.#waiting.length === 0 ? Math.max(this.#held, this.#used) : this.#wanted();
    this.#asking = true;
    this.#store.holdStepSlots(this.#owner, wanted, this.#limit).then(
      ({ held, sharers }) => {
        this.#asking = false;
        this.#held = held;
        this.#sharers = sharers;
        this.#handOut();
        if (this.#waiting.length > 0 && this.#held < Math.min(this.#limit, this.#fairShare()) && held === wanted)
          this.#ask();
      },
      (error: unknown) => {
        this.#asking = false;
        this.#failed?.(error);
      },
    );
  }
}
