/** How many backups are kept: the newest of each of so many days, weeks and months, counted in UTC. */
export interface KeepRule {
  readonly daily: number;
  readonly weekly: number;
  readonly monthly: number;
}

const dayMs = 86_400_000;

/**
 * Which of a list of good backups are kept. The newest one always is, whatever the rule says.
 *
 * @param times milliseconds since 1970, in any order
 * @example
 * chooseKept([1, 2], { daily: 0, weekly: 0, monthly: 0 }); // Set { 2 }
 */
export function chooseKept(times: readonly number[], { daily, weekly, monthly }: KeepRule): ReadonlySet<number> {
  const newestFirst = times.toSorted((a, b) => b - a);
  const kept = new Set(newestFirst.slice(0, 1));
  const periods: readonly (readonly [number, (time: number) => number])[] = [
    [daily, (time) => Math.floor(time / dayMs)],
    // 1970 began on a Thursday; weeks begin on Mondays.
    [weekly, (time) => Math.floor((time / dayMs + 3) / 7)],
    [monthly, (time) => new Date(time).getUTCFullYear() * 12 + new Date(time).getUTCMonth()],
  ];
  for (const [count, periodOf] of periods) {
    const seen = new Set<number>();
    for (const time of newestFirst) {
      const period = periodOf(time);
      if (seen.has(period)) continue;
      if (seen.size === count) break;
      seen.add(period);
      kept.add(time);
    }
  }
  return kept;
}
