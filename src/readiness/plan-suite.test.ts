import { describe, expect, it } from "vitest";
import type { BenchmarkDefinition, CheckDefinition, Definition } from "./definition.ts";
import { checkFixture, no, yes } from "./definition-fixture.ts";
import { gatesOf, planSuite, type PlanRequest } from "./plan-suite.ts";
import { makeRegistry } from "./registry.ts";
import { shuffleTests } from "./shuffle-tests.ts";
import type { SuitePlan } from "./suite-plan.ts";

const live = { live: () => yes };
const both = { static: () => yes, live: () => yes };
const benchmark: BenchmarkDefinition = {
  id: "BW1",
  title: "runs are quick",
  kind: "benchmark",
  category: "benchmarks",
  group: "workflowSpeed",
  severity: "error",
  verifies: "speed",
  how: { live: "it runs" },
  advice: { text: "wait" },
  figure: "run",
  unit: "ms",
  better: "lower",
  warmUp: 1,
  samples: 6,
  limits: () => ({ median: 1 }),
  open: async () => await Promise.reject(new Error("not asked")),
};
const test = { kind: "test", category: "integrationTests", group: "state", ...live } as const;
const catalogue: readonly Definition[] = [
  checkFixture({ id: "CFG001" }),
  checkFixture({ id: "CFG002", rollUpOf: ["SEC001"], security: true, dependsOn: ["CFG001"] }),
  checkFixture({ id: "CFG005" }),
  checkFixture({ id: "CFG006" }),
  checkFixture({ id: "CFG008", dependsOn: ["CFG001"] }),
  checkFixture({ id: "CFG013", ...live }),
  checkFixture({ id: "CFG014", ...live }),
  checkFixture({ id: "ADP001", category: "adapters", ...both }),
  checkFixture({ id: "RPO001", category: "repositories", ...both, dependsOn: ["CFG001"] }),
  checkFixture({ id: "RPO014", category: "repositories", security: true }),
  checkFixture({ id: "WFX001", category: "workflow", ...live }),
  checkFixture({ id: "LIM001", category: "limits", severity: "warning" }),
  checkFixture({ id: "SEC001", category: "security", security: true, ...both }),
  checkFixture({ id: "SEC003", category: "security", security: true, ...live }),
  checkFixture({ id: "IS1", ...test, mustPass: true, dependsOn: ["CFG013"] }),
  checkFixture({ id: "IR1", ...test, group: "rbac", security: true }),
  benchmark,
];
const registry = makeRegistry(catalogue);

function plan(parts: Partial<PlanRequest> = {}): SuitePlan {
  return planSuite({ command: "check-config", profile: "production", ...parts }, registry);
}

function ids(suite: SuitePlan): string[] {
  return suite.checks.map(({ definition }) => definition.id);
}

describe("what the commands ask", () => {
  it("check-config: the static probes of four headings, and says what it cannot ask", () => {
    const suite = plan();
    expect(ids(suite)).toEqual([
      "CFG001",
      "CFG002",
      "CFG005",
      "CFG006",
      "CFG008",
      "RPO001",
      "RPO014",
      "LIM001",
      "SEC001",
    ]);
    expect(suite.checks.every(({ mode }) => mode === "static")).toBe(true);
    expect(suite.notAsked.map(({ id }) => id)).toEqual(["CFG013", "CFG014", "SEC003"]);
    expect(suite.gates).toEqual(["config", "security"]);
  });

  it("check-config --all: every check, live", () => {
    const suite = plan({ all: true });
    expect(ids(suite)).toHaveLength(14);
    expect(suite.checks.every(({ mode }) => mode === "live")).toBe(true);
    expect(suite.gates).toEqual(["config", "readiness", "security"]);
  });

  it("the tests and the benchmarks: each behind the preflight", () => {
    expect(ids(plan({ command: "run-integration-tests" }))).toEqual([
      "CFG001",
      "CFG005",
      "CFG006",
      "CFG008",
      "CFG013",
      "CFG014",
      "IS1",
      "IR1",
    ]);
    expect(ids(plan({ command: "run-benchmarks" }))).toEqual([
      "CFG001",
      "CFG005",
      "CFG006",
      "CFG008",
      "CFG013",
      "CFG014",
      "BW1",
    ]);
  });

  it("run-all-tests: the whole catalogue under five gates", () => {
    expect(ids(plan({ command: "run-all-tests" }))).toEqual(catalogue.map(({ id }) => id));
    expect(gatesOf("run-all-tests")).toEqual(["config", "readiness", "security", "integration", "benchmarks"]);
  });
});

describe("the gates that count a check", () => {
  const gatesIn = (suite: SuitePlan, id: string): readonly string[] =>
    suite.checks.find(({ definition }) => definition.id === id)?.gates ?? ["absent"];

  it("are its heading's and security's; without a readiness gate repositories and limits are configuration", () => {
    const all = plan({ command: "run-all-tests" });
    expect(gatesIn(all, "CFG002")).toEqual(["config", "security"]);
    expect(gatesIn(all, "RPO001")).toEqual(["readiness"]);
    expect(gatesIn(all, "RPO014")).toEqual(["readiness", "security"]);
    expect(gatesIn(all, "SEC001")).toEqual(["security"]);
    expect(gatesIn(all, "IR1")).toEqual(["security", "integration"]);
    expect(gatesIn(plan(), "RPO001")).toEqual(["config"]);
    expect(gatesIn(plan(), "RPO014")).toEqual(["config", "security"]);
    expect(gatesIn(plan({ command: "run-benchmarks" }), "CFG001")).toEqual(["preflight"]);
  });

  it("are at least one for everything that any command asks", () => {
    for (const command of ["check-config", "run-integration-tests", "run-benchmarks", "run-all-tests"] as const) {
      for (const all of [false, true]) {
        for (const check of plan({ command, all }).checks) expect(check.gates, check.definition.id).not.toEqual([]);
      }
    }
  });
});

describe("a selection", () => {
  it("picks by id, glob in any case, heading, group and tag, and takes along what is needed", () => {
    const all = (only: readonly string[]): string[] => ids(plan({ command: "run-all-tests", only }));
    expect(all(["IS1"])).toEqual(["CFG013", "IS1"]);
    expect(all(["cfg00*"])).toEqual(["CFG001", "CFG002", "CFG005", "CFG006", "CFG008", "SEC001"]);
    expect(all(["limits", "BW1"])).toEqual(["LIM001", "BW1"]);
    expect(all(["LIM001,BW1"])).toEqual(["LIM001", "BW1"]);
    expect(all(["rbac"])).toEqual(["IR1"]);
    expect(all(["mustPass"])).toEqual(["CFG013", "IS1"]);
    expect(all(["security"])).toEqual(["CFG001", "CFG002", "RPO014", "SEC001", "SEC003", "IR1"]);
  });

  it("says what it left out, and which gates it left empty", () => {
    const suite = plan({ only: ["LIM001"] });
    expect(suite.selection.leftOut).toHaveLength(8);
    expect([...suite.emptyGates]).toEqual(["security"]);
    expect(plan().emptyGates.size).toBe(0);
  });

  it("keeps what is skipped in the plan, with the reason", () => {
    const suite = plan({ skip: ["SEC*"] });
    expect(suite.checks.find(({ definition }) => definition.id === "SEC001")?.skip).toBe("left out by --skip");
    expect(ids(suite)).toEqual(ids(plan()));
  });

  it.each([
    [{ only: ["CFG999"] }, /no check has the id/],
    [{ skip: ["nothing*"] }, /no check has the id/],
    [{ only: ["WFX001"] }, /picks nothing that check-config asks/],
    [{ only: ["CFG001", "SEK001"] }, /SEK001/],
  ])("of nothing is a usage error: %o", (parts, message) => {
    expect(() => plan(parts)).toThrow(expect.objectContaining({ code: "USAGE", exitCode: 64 }) as Error);
    expect(() => plan(parts)).toThrow(message);
  });

  it("may be empty with --allow-empty, but not misspelt", () => {
    expect(ids(plan({ only: ["WFX001"], allowEmpty: true }))).toEqual([]);
    expect(() => plan({ only: ["CFG999"], allowEmpty: true })).toThrow(/no check/);
  });

  it("with --read-only forbids what acts", () => {
    const suite = plan({ command: "run-all-tests", readOnly: true });
    const skipped = suite.checks.filter(({ skip }) => skip !== undefined).map(({ definition }) => definition.id);
    expect(skipped).toEqual(["CFG013", "CFG014", "WFX001", "SEC003", "IS1", "IR1", "BW1"]);
    expect(suite.checks.every(({ mode }) => mode === "static")).toBe(true);
  });
});

describe("shuffleTests", () => {
  it("changes the order of the tests alone, the same way for the same seed", () => {
    const many = makeRegistry([
      ...catalogue,
      ...Array.from({ length: 10 }, (_, index): CheckDefinition => checkFixture({ id: `IX${index}`, ...test })),
    ]);
    const suite = planSuite({ command: "run-all-tests", profile: "production" }, many);
    const shuffled = shuffleTests(suite, 7);
    expect(ids(shuffled)).not.toEqual(ids(suite));
    expect(ids(shuffled).toSorted()).toEqual(ids(suite).toSorted());
    expect(ids(shuffled).slice(0, 14)).toEqual(ids(suite).slice(0, 14));
    expect(ids(shuffleTests(suite, 7))).toEqual(ids(shuffled));
    expect(shuffleTests(suite, undefined)).toBe(suite);
  });
});

describe("makeRegistry", () => {
  it.each([
    ["two checks", [checkFixture({ id: "A" }), checkFixture({ id: "A" })], /two checks have the id A/],
    ["an unknown need", [checkFixture({ id: "A", dependsOn: ["B"] })], /A: depends on B/],
    [
      "a circle",
      [checkFixture({ id: "A", dependsOn: ["B"] }), checkFixture({ id: "B", dependsOn: ["A"] })],
      /A -> B -> A/,
    ],
    ["an unknown member", [checkFixture({ id: "A", rollUpOf: ["B"] })], /A: rolls up B/],
    [
      "a roll-up that asks",
      [checkFixture({ id: "A" }), checkFixture({ id: "B", rollUpOf: ["A"], static: () => no })],
      /B: has to have probes/,
    ],
    [
      "a need of a roll-up",
      [
        checkFixture({ id: "A" }),
        checkFixture({ id: "B", rollUpOf: ["A"] }),
        checkFixture({ id: "C", dependsOn: ["B"] }),
      ],
      /C: depends on B, which is a roll-up/,
    ],
    [
      "a test without a group",
      [{ ...checkFixture({ id: "A", live: () => yes }), kind: "test" as const }],
      /test without a group/,
    ],
  ])("refuses %s", (_, definitions, message) => {
    expect(() => makeRegistry(definitions)).toThrow(message);
  });
});
