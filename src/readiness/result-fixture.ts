import type { Result } from "./types.ts";

/** A passing result for tests, with the given parts in place of its own. */
export function resultFixture(parts: Partial<Result> = {}): Result {
  return {
    id: "CFG001",
    title: "every required field is present",
    kind: "check",
    category: "configuration",
    group: null,
    gates: ["config"],
    security: false,
    severity: "critical",
    mustPass: false,
    status: "pass",
    flaky: false,
    reason: "all is well",
    expected: null,
    observed: null,
    evidence: [],
    remediation: null,
    target: null,
    probe: "static",
    startedAt: "2026-01-01T00:00:00.000Z",
    durationMs: 1,
    attempts: 1,
    dependsOn: [],
    blockedBy: [],
    rollUpOf: [],
    owner: "mahavishnu",
    waiver: null,
    ...parts,
  };
}

/** An integration test's result. */
export function testFixture(parts: Partial<Result> = {}): Result {
  return resultFixture({
    id: "IB1",
    kind: "test",
    category: "integrationTests",
    group: "basicWorkflow",
    gates: ["integration"],
    severity: "error",
    probe: "live",
    ...parts,
  });
}
