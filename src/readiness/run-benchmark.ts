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
  /** Looks at the machine once more and says why it is not to be trusted. Without it nothing is measured a second time. */
  readonly lookAgain?: () => Promise<readonly string[]>;
}

/** A benchmark's answer, and the figures behind it. */
export interface BenchmarkAnswer {
  readonly outcome: Outcome;
  readonly measurement: Measurement;
}

/** How many times as many samples `--thorough` takes. */
const thoroughFactor = 4;

/**
 * Samples a benchmark and judges it. Every sample after the warm-up is kept. What is no pass is measured once more, after a
 * new look at the machine: samples that did not say enough are judged together with the new ones, and what was beyond its limit
 * fails only when it is again. An operation that fails makes the benchmark fail, with the samples so far; when the suite
 * stops it, its signal's reason is thrown.
 */
export async function runBenchmark(
  definition: BenchmarkDefinition,
  context: CheckContext,
  { limits, unfit, lookAgain }: BenchmarkSetting,
): Promise<BenchmarkAnswer> {
  const first = await takeSamples(definition, context);
  const measured = measure(definition, first.samples, first.warmUp, limits);
  if (first.failure !== undefined) return failed(first.failure, measured);
  const outcome = judge(measured, unfit);
  if (outcome.status === "pass" || lookAgain === undefined) return { outcome, measurement: measured };

  const distrust = [...new Set([...unfit, ...(await lookAgain())])];
  const second = await takeSamples(definition, context);
  const isDoubt = outcome.status === "inconclusive";
  const samples = isDoubt ? [...first.samples, ...second.samples] : second.samples;
  const measurement = measure(definition, samples, isDoubt ? first.warmUp + second.warmUp : second.warmUp, limits);
  if (second.failure !== undefined) return failed(second.failure, measurement);
  const again = judge(measurement, distrust);
  if (isDoubt || again.status !== "pass") return { outcome: again, measurement };
  const reason = `beyond its limit at first (${outcome.observed ?? ""}), and within when it was measured again`;
  return { outcome: { ...again, status: "inconclusive", reason }, measurement };
}

/** The samples of one measurement, with why it ended too soon. */
interface Taken {
  readonly samples: readonly number[];
  readonly warmUp: number;
  readonly failure: string | undefined;
}

async function takeSamples(definition: BenchmarkDefinition, context: CheckContext): Promise<Taken> {
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
    const message = messageOf(error);
    failure =
      rounds === 0 ? `it could not begin: ${message}` : `the operation failed in round ${rounds + 1}: ${message}`;
  }
  return { samples, warmUp: Math.min(rounds, definition.warmUp), failure };
}

function failed(reason: string, measurement: Measurement): BenchmarkAnswer {
  return { outcome: { status: "fail", reason }, measurement };
}
