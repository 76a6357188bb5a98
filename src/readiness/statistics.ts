/** An interval of values, both ends included. */
export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** The fewest samples from which a 95 % confidence interval of the median can be given: 1 - 2 x 0.5^6 = 96.9 %. */
export const leastSamples = 6;

/** The values in growing order. */
function sorted(values: readonly number[]): readonly number[] {
  return values.toSorted((a, b) => a - b);
}

/**
 * The middle value; the mean of the two middle ones for an even number. NaN for none.
 *
 * @example
 * median([3, 1, 2]); // 2
 */
export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/**
 * The value below which the share `p` of the values lies, by linear interpolation between order statistics
 * (type 7, the default of R and NumPy). NaN for none.
 *
 * @example
 * quantile([0, 10], 0.95); // 9.5
 */
export function quantile(values: readonly number[], p: number): number {
  if (values.length === 0) return Number.NaN;
  const order = sorted(values);
  const position = (order.length - 1) * p;
  const below = order[Math.floor(position)] ?? Number.NaN;
  const above = order[Math.ceil(position)] ?? Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** The median of the distances to the median: a measure of spread that outliers do not move. Not scaled. */
export function medianAbsoluteDeviation(values: readonly number[]): number {
  const middle = median(values);
  return median(values.map((value) => Math.abs(value - middle)));
}

/** Standard deviation (of a sample) over mean; NaN for fewer than two values. */
export function coefficientOfVariation(values: readonly number[]): number {
  if (values.length < 2) return Number.NaN;
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1)) / Math.abs(mean);
}

/** P(X <= k) for a binomial X with n trials of chance p, by the ratio of neighbouring terms in logarithms. */
function binomialCdf(k: number, n: number, p: number): number {
  let logTerm = n * Math.log1p(-p);
  let total = Math.exp(logTerm);
  for (let i = 1; i <= k; i += 1) {
    logTerm += Math.log((n - i + 1) / i) + Math.log(p) - Math.log1p(-p);
    total += Math.exp(logTerm);
  }
  return Math.min(1, total);
}

/**
 * A confidence interval of a quantile from order statistics alone: nothing is assumed about the distribution.
 * An end that the samples cannot give (too few of them, or a quantile near an edge) is infinite.
 *
 * @example
 * quantileInterval([1, 2, 3, 4, 5, 6], 0.5); // { low: 1, high: 6 }
 */
export function quantileInterval(values: readonly number[], p: number, confidence = 0.95): Interval {
  const order = sorted(values);
  const tail = (1 - confidence) / 2;
  const n = order.length;
  // The largest rank r with P(X < r) <= tail, that is P(X <= r - 1) <= tail, where X counts the values below the quantile.
  let low = 0;
  while (low < n && binomialCdf(low, n, p) <= tail) low += 1;
  // The smallest rank r with P(X >= r) <= tail, that is 1 - P(X <= r - 1) <= tail.
  let high = n + 1;
  while (high > 1 && 1 - binomialCdf(high - 2, n, p) <= tail) high -= 1;
  return { low: order[low - 1] ?? Number.NEGATIVE_INFINITY, high: order[high - 1] ?? Number.POSITIVE_INFINITY };
}

/**
 * The 95 % confidence interval of the median, or undefined for fewer than six samples.
 *
 * @example
 * medianInterval([5, 1, 4, 2, 3, 6]); // { low: 1, high: 6 }
 */
export function medianInterval(values: readonly number[]): Interval | undefined {
  return values.length < leastSamples ? undefined : quantileInterval(values, 0.5);
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d_2b_79_f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** How a bootstrap is drawn. */
export interface BootstrapOptions {
  readonly seed: number;
  /** How often both samples are drawn anew; default 2,000. */
  readonly draws?: number;
  readonly confidence?: number;
}

/**
 * The bootstrap confidence interval of median(after) / median(before). The same seed gives the same interval.
 *
 * @example
 * ratioOfMediansInterval([1, 1, 1], [2, 2, 2], { seed: 1 }); // { low: 2, high: 2 }
 */
export function ratioOfMediansInterval(
  before: readonly number[],
  after: readonly number[],
  options: BootstrapOptions,
): Interval {
  const random = seededRandom(options.seed);
  const draw = (values: readonly number[]): number[] =>
    values.map(() => values[Math.floor(random() * values.length)] ?? Number.NaN);
  const ratios = Array.from({ length: options.draws ?? 2_000 }, () => median(draw(after)) / median(draw(before)));
  const tail = (1 - (options.confidence ?? 0.95)) / 2;
  return { low: quantile(ratios, tail), high: quantile(ratios, 1 - tail) };
}

/** The answer of a Mann-Whitney U test. */
export interface MannWhitney {
  /** How often a value of the first sample is above one of the second; a tie counts one half. */
  readonly u: number;
  /** Two-sided: how likely so great a difference is when there is none. */
  readonly p: number;
}

/**
 * Whether two samples come from the same distribution, from ranks alone. Exact for small samples without ties (up to
 * 20 on each side), else by the normal approximation with corrections for ties and continuity.
 *
 * @example
 * mannWhitney([1, 2, 3, 4], [5, 6, 7, 8]).p; // 2 / 70
 */
export function mannWhitney(first: readonly number[], second: readonly number[]): MannWhitney {
  const n = first.length;
  const m = second.length;
  if (n === 0 || m === 0) return { u: Number.NaN, p: Number.NaN };
  const all = [...first.map((value) => ({ value, own: true })), ...second.map((value) => ({ value, own: false }))];
  all.sort((a, b) => a.value - b.value);
  let rankSum = 0;
  let tieTerm = 0;
  for (let start = 0; start < all.length;) {
    let end = start;
    while (end < all.length && all[end]?.value === all[start]?.value) end += 1;
    const size = end - start;
    const rank = (start + 1 + end) / 2;
    for (const entry of all.slice(start, end)) if (entry.own) rankSum += rank;
    tieTerm += size ** 3 - size;
    start = end;
  }
  const u = rankSum - (n * (n + 1)) / 2;
  const extreme = Math.max(u, n * m - u);
  if (tieTerm === 0 && n <= 20 && m <= 20) return { u, p: Math.min(1, 2 * exactUpperTail(extreme, n, m)) };
  const total = n + m;
  const variance = ((n * m) / 12) * (total + 1 - tieTerm / (total * (total - 1)));
  if (variance === 0) return { u, p: 1 };
  const z = Math.max(0, extreme - (n * m) / 2 - 0.5) / Math.sqrt(variance);
  return { u, p: Math.min(1, 2 * normalUpperTail(z)) };
}

/** P(U >= u) when both samples come from one distribution: counts the orders by the usual recurrence. */
function exactUpperTail(u: number, n: number, m: number): number {
  // ways[j][k]: orders of i values of the first sample and j of the second whose U is k.
  let ways: number[][] = Array.from({ length: m + 1 }, () => [1]);
  for (let i = 1; i <= n; i += 1) {
    const next: number[][] = [[1]];
    for (let j = 1; j <= m; j += 1) {
      const counts = Array.from({ length: i * j + 1 }, (_, k) => (next[j - 1]?.[k] ?? 0) + (ways[j]?.[k - j] ?? 0));
      next.push(counts);
    }
    ways = next;
  }
  const counts = ways[m] ?? [];
  const total = counts.reduce((sum, count) => sum + count, 0);
  return counts.slice(u).reduce((sum, count) => sum + count, 0) / total;
}

/** P(Z >= z) of a standard normal Z, for z >= 0. */
function normalUpperTail(z: number): number {
  return complementaryError(z / Math.SQRT2) / 2;
}

/** erfc for x >= 0: its power series near zero, its continued fraction (Lentz) beyond; right to 12 digits. */
function complementaryError(x: number): number {
  if (x < 2) {
    let term = x;
    let sum = x;
    for (let k = 1; Math.abs(term) > 1e-17 * Math.abs(sum); k += 1) {
      term *= -(x * x) / k;
      sum += term / (2 * k + 1);
    }
    return 1 - (2 / Math.sqrt(Math.PI)) * sum;
  }
  let fraction = x;
  for (let k = 60; k >= 1; k -= 1) fraction = x + k / 2 / fraction;
  return Math.exp(-x * x) / (fraction * Math.sqrt(Math.PI));
}
