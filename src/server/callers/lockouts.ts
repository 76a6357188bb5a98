import { RecentMap } from "../../lib/recent-map.ts";

interface Failures {
  count: number;
  lockedUntil: number;
  last: number;
}

/** So many bad tokens are an accident. */
const free = 10;
const firstLockMs = 1_000;
const longestLockMs = 15 * 60_000;
/** Who shows no bad token for so long is a stranger again; longer than any lock. */
const forgetMs = 30 * 60_000;
const maxAddresses = 10_000;

/**
 * Slows down whoever tries tokens: after the tenth bad one, an address has to wait a second, and twice as long after each further one,
 * up to a quarter of an hour. Memory is bounded: of more than 10,000 addresses the quietest is forgotten.
 */
export class Lockouts {
  readonly #now: () => number;
  readonly #addresses = new RecentMap<string, Failures>(maxAddresses);

  /** @param now milliseconds of a clock that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Milliseconds for which an address has to wait still; 0 when it may try. */
  waitOf(address: string): number {
    const failures = this.#addresses.get(address);
    return failures === undefined ? 0 : Math.max(0, failures.lockedUntil - this.#now());
  }

  noteFailure(address: string): void {
    const now = this.#now();
    const known = this.#addresses.get(address);
    const failures =
      known === undefined || now - known.last > forgetMs ? { count: 0, lockedUntil: 0, last: now } : known;
    failures.count += 1;
    failures.last = now;
    if (failures.count >= free) {
      failures.lockedUntil = now + Math.min(longestLockMs, firstLockMs * 2 ** Math.min(failures.count - free, 30));
    }
    this.#addresses.set(address, failures);
  }
}
