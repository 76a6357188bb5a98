import type { Owner, RunDirectory } from "../store/contract.ts";
import type { Ending } from "./ending.ts";

/** With more owners than slots, each keeps a slot this long before it steps aside for those that have none. */
const turnMs = 1_000;
/** How long it then waits, so that the others have heard of it. */
const asideMs = 300;

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The step slots of the workspace as this process sees them. Slots are held in the store, so that all processes together stay
 * below `limits.maxConcurrentSteps`, and handed out here first come, first served. While others want slots too, this process
 * keeps to its fair share and gives the rest back as its steps end. A dead owner's slots end with it.
 */
export class StepSlots {
  readonly #store: Pick<RunDirectory, "holdStepSlots">;
  readonly #owner: Owner;
  readonly #limit: number;
  readonly #now: () => number;
  readonly #waiting: Waiting[] = [];
  /** What the store grants; never more than that is used. */
  #held = 0;
  #used = 0;
  #sharers = 1;
  #isCrowded = false;
  #turnEndsAt = 0;
  #asideUntil = 0;
  #asking = false;

  constructor(store: Pick<RunDirectory, "holdStepSlots">, owner: Owner, limit: number, now: () => number = Date.now) {
    this.#store = store;
    this.#owner = owner;
    this.#limit = limit;
    this.#now = now;
  }

  /** Takes a slot if there is one at hand. */
  takeNow(): boolean {
    if (this.#waiting.length > 0 || this.#used >= this.#usable()) return false;
    this.#used += 1;
    return true;
  }

  /**
   * Resolves when a slot is taken; every one taken must be given back.
   *
   * @throws Interruption when the work ends first; what the store throws when it cannot be asked.
   */
  async take(ending: Ending): Promise<void> {
    ending.throwIfEnded();
    if (this.takeNow()) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { resolve, reject };
    this.#waiting.push(entry);
    const forget = ending.onEnd((why) => {
      const at = this.#waiting.indexOf(entry);
      if (at === -1) return;
      this.#waiting.splice(at, 1);
      reject(why);
    });
    this.#ask();
    try {
      await promise;
    } finally {
      forget();
    }
  }

  /** Gives a slot back. */
  give(): void {
    this.#used -= 1;
    if (this.#isCrowded && this.#now() >= this.#turnEndsAt && this.#held > this.#used) {
      this.#asideUntil = this.#now() + asideMs;
      this.#isCrowded = false;
      this.#ask(this.#used);
      return;
    }
    this.#handOut();
    if (this.#sharers > 1 && this.#held > this.#wanted()) this.#ask();
  }

  /** Called when another process has written, or time has passed: slots may have become free, or are wanted elsewhere. */
  lookAgain(): void {
    if (this.#waiting.length > 0 || this.#held > 0) this.#ask();
  }

  /** Nothing is going on any more: what is held here would be missing elsewhere. */
  letGo(): void {
    if (this.#held > 0 && this.#used === 0 && this.#waiting.length === 0) this.#ask(0);
  }

  #fairShare(): number {
    return Math.max(1, Math.floor(this.#limit / this.#sharers));
  }

  #usable(): number {
    return Math.min(this.#held, this.#fairShare());
  }

  #wanted(): number {
    // Alone, slots are kept for the next step: giving back and asking again would cost a write each.
    if (this.#sharers === 1 && this.#waiting.length === 0) return Math.max(this.#held, this.#used);
    return Math.max(this.#used, Math.min(this.#used + this.#waiting.length, this.#fairShare()));
  }

  #handOut(): void {
    while (this.#waiting.length > 0 && this.#used < this.#usable()) {
      this.#used += 1;
      this.#waiting.shift()?.resolve();
    }
  }

  #ask(wanted: number = this.#wanted()): void {
    if (this.#asking || (wanted > this.#used && this.#now() < this.#asideUntil)) return;
    this.#asking = true;
    const before = this.#held;
    // What is to be given back is not used any more while the store is asked.
    this.#held = Math.min(before, wanted);
    this.#store.holdStepSlots(this.#owner, wanted, this.#limit).then(
      ({ held, sharers, starving }) => {
        this.#asking = false;
        if (before === 0 && held > 0) this.#turnEndsAt = this.#now() + turnMs;
        this.#held = held;
        this.#sharers = sharers;
        this.#isCrowded = starving > 0 && sharers > this.#limit;
        this.#handOut();
        if (this.#waiting.length > 0 && held === wanted && this.#wanted() > wanted) this.#ask();
      },
      (error: unknown) => {
        this.#asking = false;
        for (const { reject } of this.#waiting.splice(0)) reject(error);
      },
    );
  }
}
