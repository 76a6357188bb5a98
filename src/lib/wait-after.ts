const longestWaitMs = 3_600_000;

/**
 * Milliseconds before the attempt after attempt number `attempt`: doubled with each, up to an hour, and a quarter more or less so that
 * what failed together does not come back together.
 *
 * @param random from 0 to 1
 * @example
 * waitAfter(3, Math.random(), 5_000); // about 20 s
 */
export function waitAfter(attempt: number, random: number, firstMs: number): number {
  const wait = Math.min(firstMs * 2 ** (attempt - 1), longestWaitMs);
  return Math.round(wait * (0.75 + random * 0.5));
}
