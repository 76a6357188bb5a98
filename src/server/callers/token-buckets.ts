import { RecentMap } from "../../lib/recent-map.ts";

/** What is left for a caller after a request. */
export interface Allowance {
  readonly allowed: boolean;
  /** Whole requests that may follow at once. */
  readonly remaining: number;
  /** Milliseconds until one more is allowed; 0 when one is. */
  readonly waitMs: number;
  /** Milliseconds until all of a minute's requests may come at once again. */
  readonly fullMs: number;
}

interface Bucket {
  tokens: number;
  at: number;
}

const minute = 60_000;
/** More callers than this are not remembered; who is forgotten was the quietest, and begins anew. */
const maxBuckets = 10_000;

/**
 * How often each of many callers may ask: a minute's worth at once, and then as fast as a minute gives more.
 *
 * @example
 * const buckets = new TokenBuckets(600);
 * if (!buckets.take("user:dana").allowed) refuse();
 */
export class TokenBuckets {
  readonly perMinute: number;
  readonly #now: () => number;
  readonly #buckets = new RecentMap<string, Bucket>(maxBuckets);

  /** @param now milliseconds of a clock that never goes back */
  constructor(perMinute: number, now: () => number = () => performance.now()) {
    this.perMinute = perMinute;
    this.#now = now;
  }

  /** Takes one request from a caller's share, if there is one. */
  take(key: string): Allowance {
    const bucket = this.#fill(key);
    const allowed = bucket.tokens >= 1;
    if (allowed) bucket.tokens -= 1;
    const { tokens } = bucket;
    const each = minute / this.perMinute;
    return {
      allowed,
      remaining: Math.floor(tokens),
      waitMs: tokens >= 1 ? 0 : (1 - tokens) * each,
      fullMs: (this.perMinute - tokens) * each,
    };
  }

  #fill(key: string): Bucket {
    const now = this.#now();
    const known = this.#buckets.get(key);
    if (known === undefined) {
      const bucket = { tokens: this.perMinute, at: now };
      this.#buckets.set(key, bucket);
      return bucket;
    }
    known.tokens = Math.min(this.perMinute, known.tokens + ((now - known.at) * this.perMinute) / minute);
    known.at = now;
    return known;
  }
}
