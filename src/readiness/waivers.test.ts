import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resultFixture } from "./result-fixture.ts";
import type { Result } from "./types.ts";
import { applyWaivers, isDate, type Waiver, type WaivedResults } from "./waivers.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const today = "2026-03-10";
const catalogue = new Map([
  ["CFG001", { security: false }],
  ["RPO001", { security: false }],
  ["RPO002", { security: false }],
  ["RPO014", { security: true }],
  ["SEC001", { security: true }],
]);

function waiver(parts: Partial<Waiver> = {}): Waiver {
  return { id: "RPO001", reason: "migrating", owner: "dana", expires: "2026-04-01", place: "waivers.yaml:3", ...parts };
}

const failing = resultFixture({ id: "RPO001", status: "fail", target: { kind: "repository", name: "ledger" } });

function apply(waivers: readonly Waiver[], results: readonly Result[] = [failing], ignore = false): WaivedResults {
  return applyWaivers(results, waivers, { today, catalogue, ignore });
}

function statusWith(waivers: readonly Waiver[], result: Result = failing): string {
  return apply(waivers, [result]).results[0]?.status ?? "absent";
}

describe("applyWaivers", () => {
  it("waives what it names and remembers what that was", () => {
    const { results, waivers, findings } = apply([waiver({ ticket: "OPS-1" })]);
    expect(results[0]).toMatchObject({
      status: "waived",
      waiver: { reason: "migrating", owner: "dana", expires: "2026-04-01", ticket: "OPS-1", status: "fail" },
    });
    expect(waivers[0]).toMatchObject({ state: "applied", applied: ["RPO001 ledger"], note: null });
    expect(findings).toEqual([]);
  });

  it("holds on its last day, and is expired the day after", () => {
    expect(statusWith([waiver({ expires: today })])).toBe("waived");
    expect(statusWith([waiver({ expires: "2026-03-09" })])).toBe("fail");
    expect(apply([waiver({ expires: "2026-03-09" })])).toMatchObject({
      waivers: [{ state: "expired" }],
      findings: [{ level: "concern", text: expect.stringContaining("expired on 2026-03-09") as string }],
    });
  });

  it("holds for at most 90 days", () => {
    expect(statusWith([waiver({ expires: "2026-06-08" })])).toBe("waived");
    expect(statusWith([waiver({ expires: "2026-06-09" })])).toBe("fail");
  });

  it("fails closed on a bad date and on whatever the file says is wrong", () => {
    for (const expires of ["2026-02-30", "10.4.2026", "", "soon"])
      expect(statusWith([waiver({ expires })])).toBe("fail");
    expect(apply([waiver({ problem: "owner is required" })])).toMatchObject({
      results: [{ status: "fail" }],
      waivers: [{ state: "malformed", note: "owner is required" }],
    });
  });

  it("takes two waivers of one result, one of them expired, as expired", () => {
    const pair = [waiver(), waiver({ expires: "2026-01-01", place: "waivers.yaml:9" })];
    expect(statusWith(pair)).toBe("fail");
    expect(statusWith(pair.toReversed())).toBe("fail");
  });

  it("refuses wildcards that reach a security check, in the id and in the target", () => {
    expect(apply([waiver({ id: "*" })])).toMatchObject({
      results: [{ status: "fail" }],
      waivers: [{ state: "refused" }],
    });
    expect(apply([waiver({ id: "RPO*" })])).toMatchObject({ waivers: [{ state: "refused" }] });
    expect(apply([waiver({ id: "RPO014", target: "l*" })])).toMatchObject({ waivers: [{ state: "refused" }] });
    expect(statusWith([waiver({ id: "RPO00?" })])).toBe("waived");
    expect(statusWith([waiver({ target: "led*" })])).toBe("waived");
    const security = resultFixture({ id: "SEC001", status: "fail", security: true });
    expect(statusWith([waiver({ id: "SEC001" })], security)).toBe("waived");
  });

  it("lets a refused one not undo a good one", () => {
    expect(statusWith([waiver({ id: "*" }), waiver()])).toBe("waived");
  });

  it("does nothing to another target or id", () => {
    expect(statusWith([waiver({ target: "gateway" })])).toBe("fail");
    expect(statusWith([waiver({ id: "RPO002" })])).toBe("fail");
    expect(statusWith([waiver({ target: "x" })], resultFixture({ id: "RPO001", status: "fail" }))).toBe("fail");
  });

  it("says when it is stale, unneeded, or not of this command", () => {
    expect(apply([waiver({ id: "RPO099" })])).toMatchObject({
      waivers: [{ state: "stale" }],
      findings: [{ level: "concern" }],
    });
    expect(apply([waiver({ target: "gone" })])).toMatchObject({ waivers: [{ state: "stale" }] });
    expect(apply([waiver({ id: "SEC001" })])).toMatchObject({ waivers: [{ state: "notPlanned" }], findings: [] });
    expect(apply([waiver()], [{ ...failing, status: "pass" }])).toMatchObject({
      results: [{ status: "pass" }],
      waivers: [{ state: "unneeded" }],
      findings: [{ level: "note" }],
    });
    expect(apply([waiver(), waiver({ place: "waivers.yaml:9" })])).toMatchObject({
      waivers: [{ state: "applied" }, { state: "stale", note: "waivers.yaml:3 waives the same" }],
    });
  });

  it("warns of an end within 14 days", () => {
    expect(apply([waiver({ expires: "2026-03-24" })]).findings).toMatchObject([{ level: "concern" }]);
    expect(apply([waiver({ expires: "2026-03-25" })]).findings).toEqual([]);
    expect(apply([waiver({ expires: today })]).waivers[0]?.note).toBe("holds for the last day");
  });

  it("waives nothing with --no-waivers, and lists them all the same", () => {
    expect(apply([waiver()], [failing], true)).toMatchObject({
      results: [{ status: "fail" }],
      waivers: [{ state: "ignored" }],
      findings: [],
    });
  });

  it("waives no answer that was never given: blocked and notRun wait for their cause", () => {
    for (const status of ["blocked", "notRun", "pass", "notApplicable"] as const) {
      expect(statusWith([waiver()], { ...failing, status })).toBe(status);
    }
  });

  it("never changes more than the status and the waiver, nor the number or order of results", () => {
    const anyWaiver = fc.record({
      id: fc.constantFrom("RPO001", "RPO*", "*", "SEC001", "", "?"),
      expires: fc.constantFrom("2026-03-10", "2026-03-09", "2026-05-01", "2027-01-01", "x"),
      problem: fc.option(fc.constant("wrong"), { nil: undefined }),
    });
    fc.assert(
      fc.property(
        fc.array(anyWaiver, { maxLength: 5 }),
        fc.constantFrom("fail", "warn", "skipped", "pass" as const),
        (parts, status) => {
          const waivers = parts.map(({ problem, ...rest }) =>
            waiver(problem === undefined ? rest : { ...rest, problem }),
          );
          const before = [resultFixture(), { ...failing, status }];
          const { results, waivers: reports } = apply(waivers, before);
          expect(reports).toHaveLength(waivers.length);
          expect(results.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
          for (const [index, result] of results.entries()) {
            expect({ ...result, status: null, waiver: null }).toEqual({ ...before[index], status: null, waiver: null });
            expect(result.status === "waived").toBe(result.waiver !== null);
          }
        },
      ),
      { numRuns },
    );
  });
});

describe("isDate", () => {
  it("knows the calendar", () => {
    expect(["2024-02-29", "2026-12-31"].map(isDate)).toEqual([true, true]);
    expect(["2026-02-29", "2026-13-01", "2026-1-1", "0", "2026-01-01T00:00"].some(isDate)).toBe(false);
  });
});
