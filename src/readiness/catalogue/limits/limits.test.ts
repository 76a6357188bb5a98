import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Result } from "../../types.ts";
import { goodConfig, openCheckStage } from "../ask-check-fixture.ts";
import { longestWaits } from "./lim002-retries.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

async function ask(id: string, limits: string): Promise<Result | undefined> {
  await using stage = openCheckStage({ "mahavishnu.yaml": `${goodConfig}limits: ${limits}\n` });
  return (await stage.ask(id))[0];
}

describe("LIM001", () => {
  it.each([
    [4, "warn"],
    [5, "pass"],
    [20, "pass"],
    [21, "warn"],
  ])("of %i is a %s", async (value, status) => {
    expect(await ask("LIM001", `{ maxConcurrentWorkflows: ${value} }`)).toMatchObject({
      status,
      observed: String(value),
    });
  });
});

describe("LIM002", () => {
  it.each([
    [2, "warn"],
    [3, "pass"],
    [5, "pass"],
    [6, "warn"],
  ])("of %i attempts is a %s", async (value, status) => {
    expect(await ask("LIM002", `{ retry: { attempts: ${value} } }`)).toMatchObject({ status });
  });

  it("warns when the waits alone take the time of a target", async () => {
    expect(await ask("LIM002", "{ timeout: 5m, retry: { attempts: 5, first: 2m, max: 2m } }")).toMatchObject({
      status: "warn",
      observed: "8m",
    });
  });

  it("adds up the longest waits", () => {
    const rule = { attempts: 5, backoff: "exponential", first: 1_000, max: 4_000 } as const;
    expect(longestWaits(rule)).toBe(1_000 + 2_000 + 4_000 + 4_000);
    expect(longestWaits({ ...rule, backoff: "fixed" })).toBe(4_000);
    expect(longestWaits({ ...rule, attempts: 1 })).toBe(0);
    fc.assert(
      fc.property(fc.nat(50), fc.nat(10_000), fc.nat(10_000), (attempts, first, max) => {
        expect(longestWaits({ ...rule, attempts, first, max })).toBeLessThanOrEqual(Math.max(0, attempts - 1) * max);
      }),
      { numRuns },
    );
  });
});

describe("LIM003", () => {
  it.each([
    ["299s", "warn"],
    ["300s", "pass"],
    ["1800s", "pass"],
    ["1801s", "warn"],
  ])("of %s is a %s", async (value, status) => {
    expect(await ask("LIM003", `{ timeout: ${value} }`)).toMatchObject({ status, severity: "warning" });
  });

  it.each([
    ["{ stepTimeout: 16m, timeout: 15m }", "limits.stepTimeout"],
    ["{ timeout: 15m, runTimeout: 10m }", "limits.timeout"],
    ["{ heartbeat: 4s, lease: 10s }", "3 x limits.heartbeat"],
  ])("is an error when the order is broken: %s", async (limits, name) => {
    const result = await ask("LIM003", limits);
    expect(result).toMatchObject({ status: "fail", severity: "error" });
    expect(result?.reason).toContain(`${name} (`);
  });

  it("takes equal times for ordered", async () => {
    expect(
      await ask("LIM003", "{ stepTimeout: 15m, timeout: 15m, runTimeout: 15m, heartbeat: 3s, lease: 9s }"),
    ).toMatchObject({ status: "pass" });
  });
});
