import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Finding } from "./finding.ts";
import type { GateResult } from "./gates.ts";
import { decideVerdict, worstCode } from "./verdict.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

function gate(code: 0 | 1 | 2): GateResult {
  return {
    name: "config",
    status: code === 1 ? "fail" : "pass",
    code,
    required: 1,
    passed: 1,
    failed: 0,
    waived: 0,
    unverified: 0,
    warnings: 0,
    flaky: 0,
    percent: 100,
    reasons: code === 0 ? [] : ["because"],
  };
}

describe("worstCode", () => {
  it.each([
    [1, 2, 1],
    [2, 1, 1],
    [0, 2, 2],
    [2, 0, 2],
    [1, 0, 1],
    [70, 2, 70],
    [130, 1, 130],
    [1, 143, 143],
    [0, 0, 0],
  ])("of %i and %i is %i", (first, second, worst) => {
    expect(worstCode([first, second])).toBe(worst);
  });

  it("does not depend on the order or on the grouping, and is never 0 when one is not", () => {
    const code = fc.constantFrom(0, 1, 2, 70);
    fc.assert(
      fc.property(fc.array(code, { maxLength: 6 }), fc.nat(6), (codes, cut) => {
        const worst = worstCode(codes);
        expect(worstCode(codes.toReversed())).toBe(worst);
        expect(worstCode([worstCode(codes.slice(0, cut)), worstCode(codes.slice(cut))])).toBe(worst);
        expect(worst === 0).toBe(codes.every((value) => value === 0));
      }),
      { numRuns },
    );
  });
});

describe("decideVerdict", () => {
  it("is ready with 0, usable with 2, not ready with 1, and says why, worst first", () => {
    expect(decideVerdict({ gates: [gate(0)], findings: [] })).toEqual({
      verdict: "ready",
      code: 0,
      exitCode: 0,
      reasons: [],
    });
    expect(decideVerdict({ gates: [gate(0), gate(2)], findings: [] })).toMatchObject({
      verdict: "usable",
      exitCode: 2,
    });
    const findings: Finding[] = [{ level: "reservation", text: "a reservation" }];
    expect(decideVerdict({ gates: [gate(0), gate(1)], findings })).toEqual({
      verdict: "notReady",
      code: 1,
      exitCode: 1,
      reasons: ["config: because", "a reservation"],
    });
  });

  it("with --strict goes one step further: a concern is 2, a reservation 1", () => {
    const concern: Finding[] = [{ level: "concern", text: "soon" }];
    expect(decideVerdict({ gates: [gate(0)], findings: concern }).exitCode).toBe(0);
    expect(decideVerdict({ gates: [gate(0)], findings: concern, strict: true }).exitCode).toBe(2);
    expect(decideVerdict({ gates: [gate(2)], findings: [], strict: true }).exitCode).toBe(1);
    expect(decideVerdict({ gates: [gate(0)], findings: [{ level: "note", text: "x" }], strict: true }).exitCode).toBe(
      0,
    );
    expect(decideVerdict({ gates: [gate(0)], findings: [], strict: true }).exitCode).toBe(0);
  });

  it("with --exit-zero ends with 0 and keeps the verdict, but not for an interruption", () => {
    expect(decideVerdict({ gates: [gate(1)], findings: [], exitZero: true })).toMatchObject({
      verdict: "notReady",
      code: 1,
      exitCode: 0,
    });
    const stop = { code: 130, reason: "interrupted" } as const;
    expect(decideVerdict({ gates: [gate(1)], findings: [], exitZero: true, stop })).toMatchObject({
      verdict: "notReady",
      exitCode: 130,
    });
  });

  it("is 130 for an interrupted run even when all that was asked is well", () => {
    const stop = { code: 130, reason: "interrupted" } as const;
    expect(decideVerdict({ gates: [gate(0)], findings: [], stop })).toMatchObject({
      verdict: "notReady",
      exitCode: 130,
    });
  });
});
