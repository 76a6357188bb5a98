import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chooseKept } from "./choose-kept.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const day = 86_400_000;
const times = fc.array(fc.integer({ min: 0, max: 3 * 366 * 24 }).map((hours) => hours * 3_600_000));
const rule = fc.record({ daily: fc.nat(9), weekly: fc.nat(9), monthly: fc.nat(15) });

describe("chooseKept", () => {
  it("keeps 7 daily, 4 weekly and 12 monthly of one each day for two years", () => {
    const last = Date.UTC(2026, 10, 24, 3);
    const all = Array.from({ length: 730 }, (_, index) => last - index * day);
    const kept = [...chooseKept(all, { daily: 7, weekly: 4, monthly: 12 })].map((time) =>
      new Date(time).toISOString().slice(0, 10),
    );
    expect(kept.slice(0, 7)).toEqual(["24", "23", "22", "21", "20", "19", "18"].map((date) => `2026-11-${date}`));
    // The ends of weeks (Sundays), and of months; those of the newest week and month are there already.
    expect(kept).toContain("2026-11-15");
    expect(kept).toContain("2026-11-08");
    expect(kept).toContain("2026-10-31");
    expect(kept).toContain("2025-12-31");
    expect(kept).not.toContain("2025-11-30");
    expect(kept).toHaveLength(7 + 2 + 11);
  });

  it("always keeps the newest, never more than the rule says, and what it keeps once more when asked again", () => {
    fc.assert(
      fc.property(times, rule, (all, given) => {
        const kept = chooseKept(all, given);
        expect(kept.has(Math.max(...all))).toBe(all.length > 0);
        expect(kept.size).toBeLessThanOrEqual(1 + given.daily + given.weekly + given.monthly);
        for (const time of kept) expect(all).toContain(time);
        expect(chooseKept([...kept], given)).toEqual(kept);
      }),
      { numRuns: runs },
    );
  });

  it("keeps the newest of each day, as long as there are days left", () => {
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 9 }), (all, daily) => {
        const kept = chooseKept(all, { daily, weekly: 0, monthly: 0 });
        const newest = new Map<number, number>();
        for (const time of all)
          newest.set(Math.floor(time / day), Math.max(newest.get(Math.floor(time / day)) ?? 0, time));
        const expected = [...newest.values()].toSorted((a, b) => b - a).slice(0, daily);
        expect([...kept].toSorted((a, b) => b - a)).toEqual(expected);
      }),
      { numRuns: runs },
    );
  });
});
