import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { evaluateGate, type GateResult } from "./gates.ts";
import { resultFixture, testFixture } from "./result-fixture.ts";
import { type Result, statuses } from "./types.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const production = { profile: "production" } as const;
const development = { profile: "development" } as const;

function gate(
  name: GateResult["name"],
  results: readonly Result[],
  rules: Parameters<typeof evaluateGate>[2] = production,
): GateResult {
  return evaluateGate(name, results, rules).gate;
}

function integration(passed: number, failed: number): Result[] {
  return [
    ...Array.from({ length: passed }, (_, index) => testFixture({ id: `IP${index}` })),
    ...Array.from({ length: failed }, (_, index) => testFixture({ id: `IF${index}`, status: "fail" })),
  ];
}

describe("the integration gate", () => {
  it.each([
    // executed, the fewest that must pass
    [1, 1],
    [9, 9],
    [10, 9],
    [17, 16],
    [18, 17],
    [19, 18],
    [20, 18],
    [36, 33],
    [40, 36],
  ])("of %i tests needs %i: nine tenths in integers", (executed, least) => {
    for (let passed = 0; passed <= executed; passed += 1) {
      const { status, code } = gate("integration", integration(passed, executed - passed));
      expect(status, `${passed} of ${executed}`).toBe(passed >= least ? "pass" : "fail");
      expect(code).toBe(passed === executed ? 0 : passed >= least ? 2 : 1);
    }
  });

  it("of no tests is not evaluated, which is 1 and never a pass", () => {
    expect(gate("integration", [])).toMatchObject({ status: "notEvaluated", code: 1, percent: null });
    expect(gate("integration", [testFixture({ status: "notApplicable" })])).toMatchObject({ status: "notEvaluated" });
    expect(gate("integration", [testFixture({ status: "waived" })])).toMatchObject({ status: "notEvaluated" });
  });

  it("does not round 17 of 19 to 90 %", () => {
    expect(gate("integration", integration(17, 2))).toMatchObject({ status: "fail", percent: 89.4, code: 1 });
    expect(gate("integration", integration(18, 2)).percent).toBe(90);
  });

  it("fails when a test that must pass does not, whatever the percentage", () => {
    const results = [
      ...integration(39, 0),
      testFixture({ id: "IB2", status: "timeout", mustPass: true, severity: "critical" }),
    ];
    expect(gate("integration", results)).toMatchObject({ status: "fail", code: 1, reasons: ["IB2 must pass"] });
  });

  it("leaves what is blocked, skipped, waived or not applicable out of the rate", () => {
    const out = (["blocked", "skipped", "waived", "notApplicable"] as const).map((status) =>
      testFixture({ id: status, status }),
    );
    expect(gate("integration", [...integration(9, 1), ...out])).toMatchObject({
      required: 10,
      passed: 9,
      percent: 90,
      code: 2,
    });
  });

  it("counts a test that was not run as not passed", () => {
    expect(gate("integration", [...integration(8, 0), testFixture({ status: "notRun" })])).toMatchObject({
      status: "fail",
    });
  });
});

describe("the gates of checks", () => {
  it.each(["config", "readiness", "security", "preflight"] as const)("%s fails with one required result", (name) => {
    for (const status of ["fail", "error", "timeout", "notRun"] as const) {
      const results = [
        resultFixture({ gates: [name] }),
        resultFixture({ id: "X", gates: [name], status, severity: "error" }),
      ];
      expect(gate(name, results), status).toMatchObject({ status: "fail", code: 1, passed: 1, failed: 1 });
    }
  });

  it("passes with a reservation for whatever is only advice", () => {
    for (const status of ["warn", "fail", "error", "timeout", "notRun"] as const) {
      const results = [resultFixture(), resultFixture({ id: "X", status, severity: "warning" })];
      expect(gate("config", results), status).toMatchObject({ status: "pass", code: 2, warnings: 1, required: 1 });
    }
  });

  it("ignores advice that was skipped, blocked or waived", () => {
    for (const status of ["skipped", "blocked", "waived", "notApplicable"] as const) {
      const results = [resultFixture(), resultFixture({ id: "X", status, severity: "info" })];
      expect(gate("config", results), status).toMatchObject({ status: "pass", code: 0 });
    }
  });

  it("is unverified, at best 2, when a required check gave no answer", () => {
    for (const status of ["skipped", "blocked", "inconclusive"] as const) {
      expect(gate("config", [resultFixture(), resultFixture({ id: "X", status })])).toMatchObject({
        code: 2,
        unverified: 1,
      });
    }
  });

  it("fails for a security check without an answer in production, and has a reservation in development", () => {
    const results = [
      resultFixture({ id: "SEC004", gates: ["security"], security: true }),
      resultFixture({ id: "SEC001", gates: ["security"], security: true, status: "skipped" }),
    ];
    expect(gate("security", results)).toMatchObject({ status: "fail", code: 1 });
    expect(gate("security", results, development)).toMatchObject({ status: "pass", code: 2 });
  });

  it("accepts a waived error, but not a waived critical or security result unless told to", () => {
    const waived = (parts: Partial<Result>): Result[] => [
      resultFixture(),
      resultFixture({ id: "X", status: "waived", ...parts }),
    ];
    expect(gate("config", waived({ severity: "error" }))).toMatchObject({ code: 0, waived: 1 });
    expect(gate("config", waived({ severity: "critical" }))).toMatchObject({ code: 2 });
    expect(gate("config", waived({ severity: "error", security: true }))).toMatchObject({ code: 2 });
    const rules = { ...production, acceptWaivedCritical: true };
    expect(gate("config", waived({ severity: "critical" }), rules)).toMatchObject({ code: 0 });
  });

  it("has a reservation for a flaky pass in production, and a concern in development", () => {
    const results = [resultFixture({ flaky: true })];
    expect(evaluateGate("config", results, production)).toMatchObject({ gate: { code: 2, flaky: 1 }, concerns: [] });
    expect(evaluateGate("config", results, development)).toMatchObject({
      gate: { code: 0 },
      concerns: [{ level: "concern" }],
    });
  });

  it("is not evaluated, with 2, when --only left nothing of it, and with 0 after --allow-empty", () => {
    expect(gate("config", [], { ...production, leftOut: new Set(["config"]) })).toMatchObject({
      status: "notEvaluated",
      code: 2,
    });
    expect(gate("config", [], { ...production, empty: true })).toMatchObject({ status: "notEvaluated", code: 0 });
  });
});

describe("the benchmarks gate", () => {
  const bench = (id: string, group: Result["group"], status: Result["status"] = "pass"): Result =>
    resultFixture({
      id,
      kind: "benchmark",
      category: "benchmarks",
      group,
      gates: ["benchmarks"],
      severity: "error",
      status,
    });

  it("has a reservation for one inconclusive of two, and fails for a group without a conclusive one", () => {
    const rest = [bench("BC1", "concurrency"), bench("BR1", "repositories")];
    const two = [
      ...rest,
      bench("BW1", "workflowSpeed"),
      bench("BT1", "throughput"),
      bench("BT2", "throughput", "inconclusive"),
    ];
    expect(gate("benchmarks", two)).toMatchObject({ status: "pass", code: 2 });
    const none = [...rest, bench("BW1", "workflowSpeed"), bench("BT2", "throughput", "inconclusive")];
    expect(gate("benchmarks", none)).toMatchObject({ status: "fail", code: 1 });
  });

  it("fails for one that fails", () => {
    expect(gate("benchmarks", [bench("BW1", "workflowSpeed", "fail")])).toMatchObject({ status: "fail", code: 1 });
  });
});

describe("every gate", () => {
  const anyResult = fc
    .record({
      status: fc.constantFrom(...statuses),
      severity: fc.constantFrom("critical", "error", "warning", "info" as const),
      flaky: fc.boolean(),
      security: fc.boolean(),
      mustPass: fc.boolean(),
      group: fc.constantFrom("basicWorkflow", "throughput" as const),
    })
    .map((parts) =>
      resultFixture({
        ...parts,
        flaky: parts.flaky && parts.status === "pass",
        gates: ["config", "security", "integration", "benchmarks"],
      }),
    );
  const names = fc.constantFrom("config", "security", "integration", "benchmarks" as const);

  it("says 0 only when every required result that applies passed or is waived, and something ran", () => {
    fc.assert(
      fc.property(fc.array(anyResult, { maxLength: 12 }), names, (results, name) => {
        const { code, status } = gate(name, results);
        if (code !== 0) return;
        expect(status).toBe("pass");
        const required = results.filter(({ severity }) => severity === "critical" || severity === "error");
        expect(required.every((result) => ["pass", "waived", "notApplicable"].includes(result.status))).toBe(true);
        expect(results.some((result) => result.status === "pass")).toBe(true);
      }),
      { numRuns },
    );
  });

  it("never becomes better when a result becomes worse", () => {
    const rank = (code: number): number => [0, 2, 1].indexOf(code);
    fc.assert(
      fc.property(fc.array(anyResult, { minLength: 1, maxLength: 12 }), names, fc.nat(), (results, name, at) => {
        const index = at % results.length;
        const worse = results.map((result, place) =>
          place === index ? { ...result, status: "fail" as const, flaky: false } : result,
        );
        expect(rank(gate(name, worse).code)).toBeGreaterThanOrEqual(
          results[index]?.status === "pass" || results[index]?.status === "warn" ? rank(gate(name, results).code) : 0,
        );
      }),
      { numRuns },
    );
  });

  it("has counts that add up, and a reason for every code but 0", () => {
    fc.assert(
      fc.property(fc.array(anyResult, { maxLength: 12 }), names, (results, name) => {
        const found = gate(name, results);
        expect(found.passed + found.failed).toBe(found.required);
        expect(found.code === 0).toBe(found.reasons.length === 0);
        expect(found.status === "fail" || found.status === "notEvaluated" ? found.code : 1).toBe(1);
      }),
      { numRuns },
    );
  });
});
