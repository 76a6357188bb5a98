import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Fault, openStage, type Stage } from "../../../../test/support/suite-stage.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";
import { judgeMemory, readMemory } from "./judge-memory.ts";
import { measureAttempts, measureRunLimit, measureTimeLimits } from "./measure-limits.ts";
import { openDescriptors } from "./open-descriptors.ts";

let stage: Stage;
beforeAll(async () => {
  stage = await openStage(`
auth: { enabled: false }
limits: { timeout: 7m }
`);
});
afterAll(async () => {
  await stage[Symbol.asyncDispose]();
});

const mib = 1024 ** 2;

/** A context in which the measurements, which have tests of their own, were made already. */
function measured(result: object, faults: readonly Fault[] = []): CheckContext {
  const context = stage.context({ faults });
  const once = async <T>(key: string, work: () => Promise<T>): Promise<T> =>
    key.startsWith("act.") ? (result as T) : await context.once(key, work);
  return { ...context, once };
}

const refuted = { status: "fail", reason: "it does not run" } satisfies Outcome;

describe("LIM001", () => {
  const seen = { configured: 10, measured: 10, started: 15, mostAtOnce: 10, peakBytes: [80 * mib, 90 * mib] };

  it("is green when as many runs as configured worked at once, and they fit into memory", async () => {
    expect(await measureRunLimit(measured(seen))).toMatchObject({ status: "pass" });
  });

  it.each([
    ["more worked", { ...seen, mostAtOnce: 11 }],
    ["memory does not bear them", { ...seen, configured: 1_000_000_000 }],
  ])("is an error when %s", async (_what, result) => {
    expect(await measureRunLimit(measured(result))).toMatchObject({ status: "fail", severity: "error" });
  });

  it("is red when it could not be measured", async () => {
    const outcome = await measureRunLimit(measured(refuted));
    expect(outcome).toMatchObject({ status: "fail", reason: "could not be measured: it does not run (see WFX008)" });
  });
});

describe("LIM002", () => {
  const seen = { configured: 4, exhausted: 4, waits: [], shortened: 1 };

  it.each([
    ["green when a step is tried as often as configured", seen, "pass"],
    ["green when that is too often to be tried", { ...seen, configured: 50, exhausted: null }, "pass"],
    ["red when it is given up early", { ...seen, exhausted: 3 }, "fail"],
    ["red when it could not be measured", refuted, "fail"],
  ])("is %s", async (_what, result, status) => {
    expect(await measureAttempts(measured(result))).toMatchObject({ status });
  });
});

describe("LIM003", () => {
  const took = { allowed: 1_500, took: 1_600 };
  const seen = { stepMs: took, targetMs: took, processes: 5 };

  it("is green when plans carry the configured time-outs, and time-outs act", async () => {
    expect(await measureTimeLimits(measured(seen))).toMatchObject({ status: "pass" });
  });

  it("is red when a plan has another time-out", async () => {
    const outcome = await measureTimeLimits(measured(seen, [["set", "plan", "limits.timeout=5m"]]));
    expect(outcome).toMatchObject({ status: "fail", expected: "[[420000],86400000]", observed: "[[300000],86400000]" });
  });

  it("is red when a time-out did not act", async () => {
    expect(await measureTimeLimits(measured(refuted))).toMatchObject({ status: "fail" });
  });
});

describe("LIM004", () => {
  it("is green where enough files can be open", async () => {
    const outcome = await openDescriptors(stage.context());
    expect(outcome.status, JSON.stringify(outcome)).toBe("pass");
  });

  it("is red below the need, and says how much is needed", async () => {
    const outcome = await openDescriptors(stage.context(), [
      "sh",
      "-c",
      'ulimit -n 80 && exec "$0" "$@"',
      process.execPath,
    ]);
    expect(outcome).toMatchObject({ status: "fail", expected: "128 open files" });
    expect(outcome.reason).toContain("EMFILE");
  });
});

describe("LIM005", () => {
  const gib = 1024 ** 3;

  it.each([
    [10, "pass"],
    [30, "warn"],
    [100, "fail"],
  ])("judges %i runs of 100 MiB with 2 of 4 GiB free as %s", (runs, status) => {
    const peakBytes = [100 * 1024 ** 2, 50 * 1024 ** 2];
    expect(judgeMemory({ peakBytes, runs, limit: 4 * gib, available: 2 * gib }).status).toBe(status);
  });

  it("does not judge what could not be measured", () => {
    expect(judgeMemory({ peakBytes: [], runs: 1, limit: gib, available: gib }).status).toBe("inconclusive");
  });

  it("reads a limit and what is free of it", () => {
    const { limit, available } = readMemory();
    expect(available).toBeGreaterThan(0);
    expect(limit).toBeGreaterThanOrEqual(available);
    expect(limit).toBeLessThan(2 ** 53);
  });
});
