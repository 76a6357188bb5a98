import { RateLimitedError } from "./rate-limited-error.ts";

/** Whoever has all that they may have hears when to ask again; milliseconds. */
const waitMs = 5_000;

/**
 * How many streams each caller may have open at once. A stream holds its connection for as long as a run takes: without a bound,
 * whoever may look at one run could take all connections of the server.
 *
 * @example
 * using _share = shares.take("user:dana");
 */
export class StreamShares {
  readonly #each: number;
  readonly #open = new Map<string, number>();

  /** @param each streams of one caller at most */
  constructor(each: number) {
    this.#each = each;
  }

  /** Takes a share; disposing of it gives it back. @throws RateLimitedError when the caller has all of theirs. */
  take(key: string): Disposable {
    const open = this.#open.get(key) ?? 0;
    if (open >= this.#each) throw new RateLimitedError("one caller has too many streams open", waitMs);
    this.#open.set(key, open + 1);
    return { [Symbol.dispose]: () => this.#giveBack(key) };
  }

  #giveBack(key: string): void {
    const open = (this.#open.get(key) ?? 0) - 1;
    if (open > 0) this.#open.set(key, open);
    else this.#open.delete(key);
  }
}
