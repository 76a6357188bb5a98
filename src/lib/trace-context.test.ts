import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatTraceparent, parseTraceparent, spanIdOf, traceOfRun } from "./trace-context.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

describe("a traceparent", () => {
  it("is read as it was written", () => {
    const context = fc.record({
      traceId: fc.stringMatching(/^[\da-f]{31}[1-9a-f]$/),
      spanId: fc.stringMatching(/^[\da-f]{15}[1-9a-f]$/),
      sampled: fc.boolean(),
    });
    fc.assert(
      fc.property(context, (given) => {
        expect(parseTraceparent(formatTraceparent(given))).toEqual(given);
      }),
      { numRuns },
    );
  });

  it("is none when it is anything else", () => {
    const good = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    expect(parseTraceparent(good)).toMatchObject({ sampled: true });
    // A later version may say more at the end.
    expect(parseTraceparent(`01${good.slice(2)}-more`)).toMatchObject({ spanId: "00f067aa0ba902b7" });
    const wrong = [
      `ff${good.slice(2)}`,
      `${good}-more`,
      good.toUpperCase(),
      good.replace(/4bf.*736/, "0".repeat(32)),
      "",
    ];
    expect(wrong.map((text) => parseTraceparent(text))).toEqual(wrong.map(() => null));
  });
});

describe("the trace of a run", () => {
  const ids = Array.from({ length: 2_000 }, (_, n) => `run${n}`);
  const sampledAt = (ratio: number): string[] => ids.filter((id) => traceOfRun(id, undefined, ratio).sampled);

  it("is sampled as often as is wished, and one that is sampled at a low ratio is at a higher one", () => {
    expect(sampledAt(0)).toEqual([]);
    expect(sampledAt(1)).toEqual(ids);
    const [tenth, half] = [sampledAt(0.1), sampledAt(0.5)];
    // Four standard deviations around what is expected.
    expect(Math.abs(tenth.length - 200)).toBeLessThan(54);
    expect(Math.abs(half.length - 1_000)).toBeLessThan(90);
    expect(tenth.filter((id) => !half.includes(id))).toEqual([]);
  });

  it("is that of whoever asked, who also decides whether it is sampled", () => {
    const asked = { traceId: "4bf92f3577b34da6a3ce929d0e0e4736", spanId: "00f067aa0ba902b7" };
    for (const sampled of [true, false]) {
      const trace = traceOfRun("k3v9q0x2mf", formatTraceparent({ ...asked, sampled }), sampled ? 0 : 1);
      expect(trace).toEqual({ traceId: asked.traceId, spanId: spanIdOf("k3v9q0x2mf"), sampled });
    }
  });
});
