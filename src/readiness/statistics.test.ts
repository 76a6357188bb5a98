import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  coefficientOfVariation,
  mannWhitney,
  median,
  medianAbsoluteDeviation,
  medianInterval,
  quantile,
  quantileInterval,
  ratioOfMediansInterval,
  seededRandom,
} from "./statistics.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const values = fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 1, maxLength: 40 });

describe("median and quantile", () => {
  it("give known values", () => {
    expect(median([7])).toBe(7);
    expect(median([4, 1, 3, 2])).toBe(2.5);
    expect(quantile([1, 2, 3, 4, 5, 6, 7, 8, 9, 10], 0.95)).toBeCloseTo(9.55, 12);
    expect(quantile([15, 20, 35, 40, 50], 0.4)).toBeCloseTo(29, 12);
    expect(median([])).toBeNaN();
  });

  it("split the values in halves and do not depend on their order", () => {
    fc.assert(
      fc.property(values, (list) => {
        const middle = median(list);
        expect(list.filter((value) => value < middle).length).toBeLessThanOrEqual(list.length / 2);
        expect(list.filter((value) => value > middle).length).toBeLessThanOrEqual(list.length / 2);
        expect(median(list.toReversed())).toBe(middle);
      }),
      { numRuns },
    );
  });
});

describe("medianAbsoluteDeviation and coefficientOfVariation", () => {
  it("give known values", () => {
    expect(medianAbsoluteDeviation([1, 1, 2, 2, 4, 6, 9])).toBe(1);
    expect(coefficientOfVariation([2, 4, 4, 4, 5, 5, 7, 9])).toBeCloseTo(2.138_089_935 / 5, 9);
    expect(coefficientOfVariation([1])).toBeNaN();
  });
});

describe("medianInterval", () => {
  it("needs six samples and takes the ranks of the sign test's tables", () => {
    expect(medianInterval([1, 2, 3, 4, 5])).toBeUndefined();
    const upTo = (n: number): number[] => Array.from({ length: n }, (_, index) => index + 1);
    // Ranks from the published table of distribution-free 95 % intervals for the median.
    const table: [number, number, number][] = [
      [6, 1, 6],
      [8, 1, 8],
      [9, 2, 8],
      [10, 2, 9],
      [15, 4, 12],
      [20, 6, 15],
      [30, 10, 21],
      [50, 18, 33],
    ];
    for (const [n, low, high] of table) expect(medianInterval(upTo(n)), `n = ${n}`).toEqual({ low, high });
  });

  it("covers the true median in at least 95 of 100 samples", () => {
    const random = seededRandom(7);
    let covered = 0;
    for (let round = 0; round < 4_000; round += 1) {
      const interval = medianInterval(Array.from({ length: 15 }, () => random() ** 3));
      if (interval !== undefined && interval.low <= 0.125 && interval.high >= 0.125) covered += 1;
    }
    expect(covered / 4_000).toBeGreaterThan(0.955);
    expect(covered / 4_000).toBeLessThan(0.975);
  });

  it("holds the median of the sample, whatever the sample", () => {
    fc.assert(
      fc.property(values, (list) => {
        const { low, high } = quantileInterval(list, 0.5);
        expect(low).toBeLessThanOrEqual(median(list));
        expect(high).toBeGreaterThanOrEqual(median(list));
      }),
      { numRuns },
    );
  });

  it("says that too few samples cannot bound a 95th percentile from above", () => {
    const list = Array.from({ length: 50 }, (_, index) => index);
    expect(quantileInterval(list, 0.95).high).toBe(Number.POSITIVE_INFINITY);
    const many = Array.from({ length: 100 }, (_, index) => index);
    expect(Number.isFinite(quantileInterval(many, 0.95).high)).toBe(true);
  });
});

describe("mannWhitney", () => {
  /** The definition: how many of all ways to pick the first sample's places give a U at least as far out. */
  function bruteForce(n: number, m: number, extreme: number): number {
    let total = 0;
    let far = 0;
    const walk = (place: number, left: number, secondBelow: number, u: number): void => {
      if (place === n + m) {
        if (left > 0) return;
        total += 1;
        if (Math.max(u, n * m - u) >= extreme) far += 1;
        return;
      }
      if (left > 0) walk(place + 1, left - 1, secondBelow, u + secondBelow);
      walk(place + 1, left, secondBelow + 1, u);
    };
    walk(0, n, 0, 0);
    return far / total;
  }

  it("gives known values", () => {
    expect(mannWhitney([1, 2, 3, 4], [5, 6, 7, 8])).toEqual({ u: 0, p: 2 / 70 });
    // Mann and Whitney's own tortoises and hares: U = 25 of 36 for samples of six.
    expect(
      mannWhitney(
        [1, 7, 8, 9, 10, 11].map((place) => 13 - place),
        [2, 3, 4, 5, 6, 12].map((place) => 13 - place),
      ).u,
    ).toBe(11);
    expect(mannWhitney([1, 1], [1, 1]).p).toBe(1);
    expect(mannWhitney([], [1]).p).toBeNaN();
  });

  it("agrees with counting all orders, for small samples without ties", () => {
    const distinct = fc.uniqueArray(fc.integer({ min: 0, max: 1_000 }), { minLength: 4, maxLength: 13 });
    fc.assert(
      fc.property(distinct, fc.integer({ min: 2, max: 6 }), (list, cut) => {
        const [first, second] = [
          list.slice(0, Math.min(cut, list.length - 1)),
          list.slice(Math.min(cut, list.length - 1)),
        ];
        const { u, p } = mannWhitney(first, second);
        const extreme = Math.max(u, first.length * second.length - u);
        expect(p).toBeCloseTo(bruteForce(first.length, second.length, extreme), 10);
      }),
      { numRuns: Math.min(numRuns, 300) },
    );
  });

  it("joins the exact and the approximate form smoothly and is symmetric", () => {
    const first = Array.from({ length: 20 }, (_, index) => index * 2);
    const second = Array.from({ length: 20 }, (_, index) => index * 2 + 7);
    const exact = mannWhitney(first, second);
    const tied = mannWhitney([...first, 0], [...second, 0]);
    expect(Math.abs(exact.p - tied.p)).toBeLessThan(0.05);
    expect(mannWhitney(second, first).p).toBe(exact.p);
    // With ties, by hand: U = 6.5, variance 2.5 x (12 - 36 / 110) = 29.18, z = (15 - 6.5 - 0.5) / 5.402 = 1.481.
    expect(mannWhitney([1, 2, 2, 3, 5], [2, 3, 4, 4, 6, 7]).p).toBeCloseTo(0.1386, 4);
  });
});

describe("ratioOfMediansInterval", () => {
  it("is the same for the same seed and holds the true ratio", () => {
    const random = seededRandom(3);
    const before = Array.from({ length: 30 }, () => 10 + random());
    const after = Array.from({ length: 30 }, () => 13 + random());
    const interval = ratioOfMediansInterval(before, after, { seed: 1 });
    expect(ratioOfMediansInterval(before, after, { seed: 1 })).toEqual(interval);
    expect(interval.low).toBeLessThan(13.5 / 10.5);
    expect(interval.high).toBeGreaterThan(13.5 / 10.5);
    expect(interval.low).toBeGreaterThan(1.2);
  });
});

describe("seededRandom", () => {
  it("stays in range and spreads evenly", () => {
    const random = seededRandom(42);
    const counts = Array.from({ length: 10 }, () => 0);
    for (let draw = 0; draw < 10_000; draw += 1) {
      const value = random();
      expect(value >= 0 && value < 1).toBe(true);
      counts[Math.floor(value * 10)] = (counts[Math.floor(value * 10)] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 1_000)).toBeLessThan(150);
  });
});
