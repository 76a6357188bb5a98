/** How a rate is measured. */
export interface RateRequest {
  /** Done again and again by each worker, which is told its number, until the time is over. */
  readonly work: (worker: number) => Promise<void>;
  /** How many do it at the same time. */
  readonly workers: number;
  /** Milliseconds of one slice, and how many there are. */
  readonly sliceMs: number;
  readonly slices: number;
  readonly signal: AbortSignal;
}

/**
 * Keeps a number of workers busy and counts what they finish, slice by slice without a pause between, so that what is slow
 * at times shows. What is under way when the last slice ends is waited for and not counted.
 *
 * @returns how much was finished in a second, for each slice.
 * @throws whatever the work throws.
 */
export async function measureRate({ work, workers, sliceMs, slices, signal }: RateRequest): Promise<readonly number[]> {
  const counts = Array.from({ length: slices }, () => 0);
  const begin = performance.now();
  const busy = async (worker: number): Promise<void> => {
    while (performance.now() - begin < slices * sliceMs) {
      signal.throwIfAborted();
      await work(worker);
      const slice = Math.floor((performance.now() - begin) / sliceMs);
      if (slice < slices) counts[slice] = (counts[slice] ?? 0) + 1;
    }
  };
  await Promise.all(Array.from({ length: workers }, async (_, worker) => await busy(worker)));
  return counts.map((count) => (count * 1_000) / sliceMs);
}

/** Two windows that differ by less say that the rate has settled. */
const settledWithin = 0.05;

/**
 * Does the same for nothing, in windows, until two successive ones agree within 5 %, or the time is used up.
 *
 * @returns the rates of the windows.
 */
export async function warmUpRate(
  request: Pick<RateRequest, "work" | "workers" | "signal">,
  { windowMs, mostMs }: { readonly windowMs: number; readonly mostMs: number },
): Promise<readonly number[]> {
  const rates: number[] = [];
  while ((rates.length + 1) * windowMs <= mostMs) {
    rates.push(...(await measureRate({ ...request, sliceMs: windowMs, slices: 1 })));
    const [last = 0, before = 0] = rates.toReversed();
    if (rates.length > 1 && Math.abs(last - before) <= settledWithin * Math.max(last, before)) break;
  }
  return rates;
}
