import fc from "fast-check";
import { rm } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { calibrate } from "./calibrate.ts";
import type { CheckContext } from "./context.ts";
import type { BenchmarkBody, BenchmarkDefinition } from "./definition.ts";
import { contextFixture, folderFixture } from "./definition-fixture.ts";
import { judge, measure, show } from "./judge-samples.ts";
import { describeMachine, withCalibration } from "./machine.ts";
import { type BenchmarkAnswer, runBenchmark } from "./run-benchmark.ts";
import { seededRandom } from "./statistics.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const figure = { id: "BW1", group: "workflowSpeed", figure: "run", unit: "ms", better: "lower" } as const;
const rate = { ...figure, unit: "1/s", better: "higher" } as const;

let folder: string;
beforeEach(() => {
  folder = folderFixture();
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

function around(centre: number, n = 20): number[] {
  return Array.from({ length: n }, (_, index) => centre + (index - n / 2) / n);
}

describe("judge", () => {
  it("passes, fails, or says that it cannot say, by the whole interval", () => {
    expect(judge(measure(figure, around(10), 0, { median: 12 })).status).toBe("pass");
    expect(judge(measure(figure, around(10), 0, { median: 9 })).status).toBe("fail");
    expect(judge(measure(figure, around(10), 0, { median: 10 })).status).toBe("inconclusive");
    expect(
      judge(
        measure(
          figure,
          Array.from({ length: 8 }, () => 10),
          0,
          { median: 10 },
        ),
      ).status,
    ).toBe("pass");
  });

  it("turns round when higher is better", () => {
    expect(judge(measure(rate, around(10), 0, { median: 9 })).status).toBe("pass");
    expect(judge(measure(rate, around(10), 0, { median: 12 })).status).toBe("fail");
    expect(judge(measure(rate, around(10), 0, { median: 10 })).status).toBe("inconclusive");
  });

  it("needs six samples, and none is no pass", () => {
    expect(judge(measure(figure, [1, 1, 1, 1, 1], 0, { median: 10 }))).toMatchObject({ status: "inconclusive" });
    expect(judge(measure(figure, [], 0, { median: 10 }))).toMatchObject({
      status: "inconclusive",
      reason: expect.stringContaining("0 samples") as string,
    });
  });

  it("looks at the 95th percentile as well, and fails only when that is sure", () => {
    const tail = [...around(10, 18), 50, 50];
    expect(judge(measure(figure, tail, 0, { median: 12, p95: 60 })).status).toBe("pass");
    expect(judge(measure(figure, tail, 0, { median: 12, p95: 30 })).status).toBe("inconclusive");
    expect(judge(measure(figure, around(40, 100), 0, { median: 60, p95: 30 })).status).toBe("fail");
  });

  it("names an unfit machine beside an inconclusive answer alone", () => {
    expect(judge(measure(figure, around(10), 0, { median: 10 }), ["busy"]).reason).toContain("(busy)");
    expect(judge(measure(figure, around(10), 0, { median: 9 }), ["busy"])).toMatchObject({ status: "fail" });
  });

  it("never passes what lies beyond, never fails what lies within, whatever the samples", () => {
    const samples = fc.array(fc.double({ min: 0.001, max: 1_000, noNaN: true }), { maxLength: 40 });
    fc.assert(
      fc.property(
        samples,
        fc.double({ min: 0.001, max: 1_000, noNaN: true }),
        fc.constantFrom(figure, rate),
        (list, limit, of) => {
          const { status } = judge(measure(of, list, 0, { median: limit }));
          const within = (value: number): boolean => (of.better === "lower" ? value <= limit : value >= limit);
          expect(status === "fail" && list.some(within) ? list.every(within) : false).toBe(false);
          expect(status === "pass" && !list.some(within)).toBe(false);
        },
      ),
      { numRuns },
    );
  });

  it("does not flip between pass and fail over ten runs of one distribution near its limit", () => {
    const random = seededRandom(5);
    const words = Array.from({ length: 10 }, () => {
      const samples = Array.from({ length: 30 }, () => 10 + 4 * (random() - 0.5));
      return judge(measure(figure, samples, 0, { median: 10 })).status;
    });
    expect(words.includes("pass") && words.includes("fail")).toBe(false);
  });
});

describe("measure", () => {
  it("keeps every sample, counts outliers and removes none", () => {
    const samples = [1, 2, 3, 4, 5, 6, 7, 100];
    const measured = measure(figure, samples, 3, { median: 10, p95: 20 });
    expect(measured).toMatchObject({
      samples,
      warmUp: 3,
      median: 4.5,
      min: 1,
      outliers: 1,
      limits: { median: 10, p95: 20 },
    });
    expect(measure(figure, [], 0, { median: 1 })).toMatchObject({ median: null, low: null, min: null, outliers: 0 });
  });
});

describe("runBenchmark", () => {
  const limits = { median: 100 };
  const setting = { limits, unfit: [] };
  const definition = (
    sample: BenchmarkBody["sample"],
    parts: Partial<BenchmarkDefinition> = {},
  ): BenchmarkDefinition => ({
    ...figure,
    title: "runs are quick",
    kind: "benchmark",
    category: "benchmarks",
    severity: "error",
    verifies: "speed",
    how: { live: "it runs" },
    advice: { text: "wait" },
    warmUp: 2,
    samples: 6,
    limits: () => limits,
    open: async () => ({ sample, [Symbol.asyncDispose]: async () => undefined }),
    ...parts,
  });
  const context = (parts: Partial<CheckContext> = {}): CheckContext => ({
    ...contextFixture(folder).context,
    signal: new AbortController().signal,
    ...parts,
  });

  it("throws the warm-up away, keeps the rest, and takes four times as many with --thorough", async () => {
    let round = 0;
    const { outcome, measurement } = await runBenchmark(
      definition(async () => round++),
      context(),
      setting,
    );
    expect(outcome.status).toBe("pass");
    expect(measurement).toMatchObject({ samples: [2, 3, 4, 5, 6, 7], warmUp: 2 });
    const thorough = await runBenchmark(
      definition(async () => 1),
      context({ thorough: true }),
      setting,
    );
    expect(thorough.measurement.samples).toHaveLength(24);
  });

  it("measures what is no pass once more, and fails only what is beyond its limit both times", async () => {
    const playing = async (figures: readonly number[], unfit: readonly string[] = []): Promise<BenchmarkAnswer> => {
      let opened = 0;
      const twice = definition(async () => figures[opened - 1] ?? Number.NaN, { warmUp: 0 });
      const open = async (given: CheckContext): Promise<BenchmarkBody> => {
        opened += 1;
        return await twice.open(given);
      };
      const lookAgain = async (): Promise<readonly string[]> => await Promise.resolve(unfit);
      const answer = await runBenchmark({ ...twice, open }, context(), { ...setting, lookAgain });
      expect(opened).toBe((figures[0] ?? 0) > 100 ? 2 : 1);
      return answer;
    };
    expect((await playing([1, 200])).outcome.status).toBe("pass");
    expect(await playing([200, 210])).toMatchObject({
      outcome: { status: "fail" },
      measurement: { samples: [210, 210, 210, 210, 210, 210] },
    });
    expect((await playing([200, 1])).outcome).toMatchObject({
      status: "inconclusive",
      reason: expect.stringContaining("within when it was measured again") as string,
    });
    expect((await playing([200, 210], ["busy"])).outcome.status).toBe("fail");
    expect((await playing([200, Number.NaN])).outcome.status).toBe("fail");
  });

  it("judges samples that did not say enough together with new ones", async () => {
    let round = 0;
    const wavering = definition(async () => (round++ === 0 ? 101 : 99), { warmUp: 0 });
    const answer = await runBenchmark(wavering, context(), { ...setting, lookAgain: async () => [] });
    expect(answer.measurement.samples).toHaveLength(12);
    expect(answer.outcome.status).toBe("pass");
  });

  it("takes several figures of one window", async () => {
    const windows = definition(async (_, warmUp) => (warmUp ? 99 : [1, 2, 3]), { samples: 2, warmUp: 1 });
    expect((await runBenchmark(windows, context(), setting)).measurement.samples).toEqual([1, 2, 3, 1, 2, 3]);
  });

  it("fails when the operation fails, when it cannot begin, and when it measures no number", async () => {
    let round = 0;
    const breaks = definition(async () => {
      round += 1;
      if (round > 4) throw new Error("the run failed");
      return 1;
    });
    const answer = await runBenchmark(breaks, context(), setting);
    expect(answer).toMatchObject({
      outcome: { status: "fail", reason: "the operation failed in round 5: the run failed" },
      measurement: { samples: [1, 1] },
    });
    const shut = definition(async () => 1, { open: async () => await Promise.reject(new Error("no disk")) });
    expect((await runBenchmark(shut, context(), setting)).outcome).toMatchObject({
      status: "fail",
      reason: "it could not begin: no disk",
    });
    expect(
      (
        await runBenchmark(
          definition(async () => Number.NaN),
          context(),
          setting,
        )
      ).outcome.status,
    ).toBe("fail");
  });

  it("closes what it opened, also when it is stopped", async () => {
    let closed = 0;
    const controller = new AbortController();
    const stopped = definition(async () => {
      controller.abort(new Error("stop"));
      return 1;
    });
    const open = async (): Promise<BenchmarkBody> => ({
      sample: (await stopped.open(context())).sample,
      [Symbol.asyncDispose]: async () => {
        closed += 1;
      },
    });
    await expect(runBenchmark({ ...stopped, open }, context({ signal: controller.signal }), setting)).rejects.toThrow(
      "stop",
    );
    expect(closed).toBe(1);
  });
});

describe("the machine", () => {
  it("is calibrated by three kinds of work, and is unfit when they vary too much", async () => {
    const calibration = await calibrate(folder, new AbortController().signal, 6);
    for (const work of [calibration.cpu, calibration.fsync, calibration.spawn]) {
      expect(work.medianMs).toBeGreaterThan(0);
      expect(work.variation).toBeGreaterThanOrEqual(0);
    }
    const steady = { medianMs: 1, variation: 0.01 };
    const fit = withCalibration({ ...describeMachine(), cores: 1_000 }, { cpu: steady, fsync: steady, spawn: steady });
    expect(fit.unfit).toEqual([]);
    const busy = withCalibration(
      { ...describeMachine(), cores: 1_000 },
      { cpu: { medianMs: 1, variation: 0.4 }, fsync: steady, spawn: steady },
    );
    expect(busy.unfit).toEqual(["cpu calibration varies by 40 %"]);
  });
});

describe("show", () => {
  it("gives three digits", () => {
    expect([
      show(0.1234, "ms"),
      show(1.234, "ms"),
      show(12.34, "ms"),
      show(1_234.5, "1/s"),
      show(0.61, "ratio"),
    ]).toEqual(["0.123 ms", "1.23 ms", "12.3 ms", "1235 1/s", "0.61"]);
  });
});
