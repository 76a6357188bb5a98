import { count } from "../lib/count.ts";
import type { BenchmarkDefinition, BenchmarkLimits } from "./definition.ts";
import type { Measurement } from "./report/report.ts";
import {
  leastSamples,
  median,
  medianAbsoluteDeviation,
  medianInterval,
  quantile,
  quantileInterval,
} from "./statistics.ts";
import type { Outcome } from "./types.ts";

/** What a benchmark says about itself, without how it is run. */
export type Figure = Pick<BenchmarkDefinition, "id" | "group" | "figure" | "unit" | "better">;

/** Everything that is reported about the samples of a benchmark. */
export function measure(
  figure: Figure,
  samples: readonly number[],
  warmUp: number,
  limits: BenchmarkLimits,
): Measurement {
  const { id, group, unit, better } = figure;
  const interval = medianInterval(samples);
  const some = (value: number): number | null => (samples.length === 0 ? null : value);
  return {
    id,
    group,
    figure: figure.figure,
    unit,
    better,
    samples,
    warmUp,
    median: some(median(samples)),
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    p95: some(quantile(samples, 0.95)),
    min: some(Math.min(...samples)),
    mad: some(medianAbsoluteDeviation(samples)),
    outliers: countOutliers(samples),
    limits: { median: limits.median, p95: limits.p95 ?? null },
  };
}

/** Values beyond three interquartile ranges from the quartiles (Tukey's far out). */
function countOutliers(samples: readonly number[]): number {
  const [first, third] = [quantile(samples, 0.25), quantile(samples, 0.75)];
  const reach = 3 * (third - first);
  return samples.filter((value) => value < first - reach || value > third + reach).length;
}

/** The answer to one limit. */
type Word = "pass" | "fail" | "inconclusive";

/**
 * Holds a measurement against its absolute limits. The whole confidence interval must be within for a pass, and the
 * whole beyond for a fail; what lies across a limit, or comes from too few samples, is inconclusive.
 *
 * @param unfit Why the machine is not to be trusted, to be named beside an inconclusive answer.
 */
export function judge(measurement: Measurement, unfit: readonly string[] = []): Outcome {
  const { samples, limits, unit, better } = measurement;
  const atMost = better === "lower" ? "at most" : "at least";
  const expected = `median ${atMost} ${show(limits.median, unit)}${limits.p95 === null ? "" : `, p95 ${atMost} ${show(limits.p95, unit)}`}`;
  if (measurement.low === null || measurement.high === null || measurement.median === null) {
    const reason = `${count(samples.length, "sample", "samples")}, at least ${leastSamples} are needed for an answer`;
    return { status: "inconclusive", reason, expected };
  }
  const observed =
    `median ${show(measurement.median, unit)} (95 % between ${show(measurement.low, unit)} and ${show(measurement.high, unit)})` +
    `, p95 ${show(measurement.p95 ?? Number.NaN, unit)}, ${samples.length} samples`;
  const words: [string, Word][] = [["median", judgeMedian(measurement)]];
  if (limits.p95 !== null) words.push(["p95", judgeTail(measurement, limits.p95)]);
  const worst = words.find(([, word]) => word === "fail") ?? words.find(([, word]) => word === "inconclusive");
  if (worst === undefined)
    return { status: "pass", reason: `median ${show(measurement.median, unit)}`, expected, observed };
  const [name, word] = worst;
  const why = unfit.length === 0 ? "" : ` (${unfit.join("; ")})`;
  const reason =
    word === "fail"
      ? `the ${name} is beyond its limit`
      : `the samples do not say on which side of its limit the ${name} is${why}`;
  return { status: word === "fail" ? "fail" : "inconclusive", reason, expected, observed };
}

function judgeMedian({ low, high, limits, better }: Measurement): Word {
  if (low === null || high === null) return "inconclusive";
  const [best, worst] = better === "lower" ? [low, high] : [-high, -low];
  const limit = better === "lower" ? limits.median : -limits.median;
  if (best > limit) return "fail";
  return worst <= limit ? "pass" : "inconclusive";
}

/** The 95th percentile itself decides a pass; a fail needs an interval that lies beyond, which few samples cannot give. */
function judgeTail({ samples, better }: Measurement, limit: number): Word {
  const [values, bound] = better === "lower" ? [samples, limit] : [samples.map((value) => -value), -limit];
  if (quantile(values, 0.95) <= bound) return "pass";
  return quantileInterval(values, 0.95).low > bound ? "fail" : "inconclusive";
}

/**
 * A figure with three digits and its unit.
 *
 * @example
 * show(0.123456, "ms"); // "0.123 ms"
 */
export function show(value: number, unit: string): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return unit === "ratio" ? value.toFixed(2) : `${value.toFixed(digits)} ${unit}`;
}
