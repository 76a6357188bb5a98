/** One bar of a benchmark, with the figure of this run. */
export interface BenchResult {
  readonly name: string;
  /** The bar in words: `<= 1.25 x a bare Node loop`. */
  readonly bar: string;
  /** Usually a ratio measured in this run; never compared between machines. */
  readonly figure: number;
  readonly unit: string;
  readonly ok: boolean;
  /** The figures of which `figure` is the median, or what it was made from. */
  readonly samples: readonly number[];
  readonly note?: string;
}

/** The middle of some figures. */
export function median(figures: readonly number[]): number {
  const sorted = figures.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
}

/**
 * Milliseconds of two things, measured in turn (A B A B …), so that a drift of the machine's speed touches both.
 *
 * @returns the figures of each, pair by pair, after one pair that is not counted.
 */
export async function measurePairs(
  pairs: number,
  a: () => Promise<void> | void,
  b: () => Promise<void> | void,
): Promise<{ a: number[]; b: number[] }> {
  const figures: { a: number[]; b: number[] } = { a: [], b: [] };
  for (let pair = -1; pair < pairs; pair += 1) {
    const first = await elapsed(a);
    const second = await elapsed(b);
    if (pair < 0) continue;
    figures.a.push(first);
    figures.b.push(second);
  }
  return figures;
}

async function elapsed(body: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await body();
  return performance.now() - start;
}

/** Ratios of two lists of figures, pair by pair. */
export function ratios(above: readonly number[], below: readonly number[]): number[] {
  return above.map((figure, index) => figure / (below[index] as number));
}
