import { setTimeout as delay } from "node:timers/promises";

/** A part should hold up nobody for longer; milliseconds. */
const wantedMs = 20;
const longestRestMs = 100;

/** Cuts work into parts that are as large as they may be without holding others up, and lets these have as much time as the work had. */
export class Pace {
  readonly #most: number;
  readonly #signal: AbortSignal;
  #size: number;
  #longestMs = 0;

  constructor({ most, signal }: { readonly most: number; readonly signal: AbortSignal }) {
    this.#most = most;
    this.#size = Math.min(most, 25);
    this.#signal = signal;
  }

  /** How large the next part may be. */
  get size(): number {
    return this.#size;
  }

  /** How long the longest part took, from when it was handed in until it was on the disk; milliseconds. */
  get longestMs(): number {
    return this.#longestMs;
  }

  /** Does one part. @throws the signal's reason before a part, when aborted */
  async part<T>(work: (size: number) => Promise<T>): Promise<T> {
    this.#signal.throwIfAborted();
    const begin = performance.now();
    const value = await work(this.#size);
    const ms = performance.now() - begin;
    this.#longestMs = Math.max(this.#longestMs, ms);
    this.#size = ms > wantedMs ? Math.max(1, Math.floor(this.#size / 2)) : Math.min(this.#most, this.#size * 2);
    await delay(Math.min(ms, longestRestMs));
    return value;
  }
}
