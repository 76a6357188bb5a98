import { describe, expect, it } from "vitest";
import { checkFixture } from "./definition-fixture.ts";
import { resultFixture } from "./result-fixture.ts";
import { rollUp } from "./roll-up.ts";
import type { PlannedCheck } from "./suite-plan.ts";
import type { Result } from "./types.ts";

const planned: PlannedCheck = {
  definition: checkFixture({ id: "CFG004", rollUpOf: ["LIM001", "LIM002"], severity: "error" }),
  mode: "static",
  gates: ["config"],
};

function roll(members: readonly Partial<Result>[], check: Partial<PlannedCheck> = {}): Result | undefined {
  const results = members.map((parts) => resultFixture({ id: "LIM001", gates: ["readiness"], ...parts }));
  return rollUp([{ ...planned, ...check }], results, "production")[0];
}

describe("rollUp", () => {
  it("takes the status, severity and advice of its worst member", () => {
    const remediation = { text: "raise it", command: null, docs: "x", fixable: false };
    const worst = { id: "LIM002", status: "fail", severity: "error", reason: "too low", remediation } as const;
    expect(roll([{ severity: "critical" }, worst])).toMatchObject({
      id: "CFG004",
      status: "fail",
      severity: "error",
      remediation,
      gates: ["config"],
      reason: "LIM002: too low",
    });
    expect(roll([{ status: "warn", severity: "warning" }, { severity: "critical" }])).toMatchObject({
      status: "warn",
      severity: "warning",
    });
    expect(roll([{ severity: "warning" }, { severity: "critical" }])).toMatchObject({
      status: "pass",
      severity: "critical",
    });
  });

  it("is not counted again in a gate that counts a member", () => {
    expect(roll([{ gates: ["config"] }])?.gates).toEqual([]);
    expect(roll([{ gates: ["security"] }], { gates: ["config", "security"] })?.gates).toEqual(["config"]);
  });

  it("does not hide a warning behind a waiver, and shows a waiver", () => {
    const waived = {
      status: "waived",
      waiver: { reason: "r", owner: "o", expires: "2026-01-01", ticket: null, status: "fail" },
    } as const;
    expect(roll([waived, { status: "warn", severity: "warning" }])).toMatchObject({ status: "warn" });
    expect(roll([waived, {}])).toMatchObject({ status: "waived", waiver: { owner: "o" } });
  });

  it("does not apply when none of its members does or is asked", () => {
    expect(roll([{ status: "notApplicable" }])).toMatchObject({ status: "notApplicable" });
    expect(roll([])).toMatchObject({ status: "notApplicable", reason: "none of its members is asked here" });
    expect(roll([{ status: "notApplicable" }, {}])).toMatchObject({ status: "pass" });
  });

  it("can be skipped by itself", () => {
    expect(roll([{ status: "fail" }], { skip: "by hand" })).toMatchObject({ status: "skipped", reason: "by hand" });
  });
});
