import { messageOf } from "../lib/errors.ts";
import type { CheckContext } from "./context.ts";
import type { BenchmarkDefinition, BenchmarkLimits } from "./definition.ts";
import { judge, measure } from "./judge-samples.ts";
import type { Measurement } from "./report/report.ts";
import type { Outcome } from "./types.ts";

/** What a benchmark is held against, and on what machine. */
export interface BenchmarkSetting {
  readonly limits: BenchmarkLimits;
  /** Why the machine is not to be trusted; empty when it is. */
  readonly unfit: readonly string[];
}

/** A benchmark's answer, and the figures behind it. */
export interface BenchmarkAnswer {
  readonly outcome: Outcome;
  readonly measurement: Measurement;
}

/** How many times as many samples `--thorough` takes. */
const thoroughFactor = 4;

/**
 * Samples a benchmark and judges it. Every sample after the warm-up is kept. An operation that fails makes the
 * benchmark fail, with the samples so far; when the suite stops it, its signal's reason is thrown.
 */
export async function runBenchmark(
  definition: BenchmarkDefinition,
  context: CheckContext,
  { limits, unfit }: BenchmarkSetting,
): Promise<BenchmarkAnswer> {
  const wanted = definition.samples * (context.thorough ? thoroughFactor : 1);
  const samples: number[] = [];
  let rounds = 0;
  let failure: string | undefined;
  try {
    await using body = await definition.open(context);
    for (; rounds < definition.warmUp + wanted; rounds += 1) {
      context.signal.throwIfAborted();
      const warmUp = rounds < definition.warmUp;
      const figures = [await body.sample(context.signal, warmUp)].flat();
      if (figures.some((figure) => !Number.isFinite(figure)))
        throw new Error("it measured something that is no number");
      if (!warmUp) samples.push(...figures);
    }
  } catch (error) {
    context.signal.throwIfAborted();
    failure = messageOf(error);
  }
  const measurement = measure(definition, samples, Math.min(rounds, definition.warmUp), limits);
  if (failure === undefined) return { outcome: judge(measurement, unfit), measurement };
  const reason =
    rounds === 0 ? `it could not begin: ${failure}` : `the operation failed in round ${rounds + 1}: ${failure}`;
  return { outcome: { status: "fail", reason }, measurement };
}
