import fc from "fast-check";
import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import type { CheckDefinition } from "./definition.ts";
import { checkFixture, contextFixture, no, plannedFixture, yes } from "./definition-fixture.ts";
import { runChecks, type RunnerOptions } from "./runner.ts";
import type { Outcome, Result } from "./types.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const { context } = contextFixture("/nowhere");

function options(parts: Partial<RunnerOptions> = {}): RunnerOptions {
  return {
    context,
    profile: "production",
    parallel: 4,
    stop: new AbortController().signal,
    graceMs: 30,
    benchmark: () => () => yes,
    ...parts,
  };
}

async function run(
  definitions: readonly CheckDefinition[],
  parts: Partial<RunnerOptions> = {},
): Promise<readonly Result[]> {
  return await runChecks(plannedFixture(definitions), options(parts));
}

/** Waits until the signal says stop, as a good probe does. */
async function untilStopped(signal: AbortSignal): Promise<Outcome> {
  await delay(60_000, undefined, { signal });
  return yes;
}

const never = async (): Promise<Outcome> => await new Promise<Outcome>(() => undefined);

describe("the answers of checks", () => {
  it("are kept with their probe, timing and advice", async () => {
    const definition = checkFixture({
      id: "A",
      live: () => ({ ...no, expected: "1", observed: "2", remediation: { command: "make 1" } }),
    });
    const [result] = await run([definition]);
    expect(result).toMatchObject({
      status: "fail",
      probe: "live",
      expected: "1",
      observed: "2",
      attempts: 1,
      remediation: { text: "mend it", command: "make 1", docs: "docs/reference/checks.md#a", fixable: false },
    });
    expect(result?.startedAt).not.toBeNull();
  });

  it("are warnings where the severity is only advice, of the check, of the case or of the target", async () => {
    const byCheck = checkFixture({ id: "A", severity: "warning", static: () => no });
    const byCase = checkFixture({ id: "B", static: () => ({ ...no, severity: "info" }) });
    const worse = checkFixture({ id: "C", severity: "warning", static: () => ({ ...no, severity: "error" }) });
    const byTarget = checkFixture({
      id: "D",
      static: () => no,
      targets: async () => ({ none: "", targets: [{ target: { kind: "repository", name: "r" }, optional: true }] }),
    });
    const byProfile = checkFixture({
      id: "E",
      severity: { development: "warning", production: "critical" },
      static: () => no,
    });
    const results = await run([byCheck, byCase, worse, byTarget, byProfile]);
    expect(results.map(({ status }) => status)).toEqual(["warn", "warn", "fail", "warn", "fail"]);
    expect(results.map(({ severity }) => severity)).toEqual(["warning", "info", "error", "warning", "critical"]);
    expect((await run([byProfile], { profile: "development" }))[0]).toMatchObject({
      status: "warn",
      severity: "warning",
    });
  });

  it("come from the live probe only after the static one has passed", async () => {
    let lived = 0;
    const live = (): Outcome => {
      lived += 1;
      return { status: "notApplicable", reason: "there is no server yet" };
    };
    const bad = checkFixture({ id: "A", static: () => no, live });
    const good = checkFixture({ id: "B", static: () => yes, live });
    const results = await run([bad, good]);
    expect(results).toMatchObject([
      { status: "fail", probe: "static" },
      { status: "notApplicable", probe: "live" },
    ]);
    expect(lived).toBe(1);
    const [stopped] = await runChecks(plannedFixture([good], { mode: "static" }), options());
    expect(stopped).toMatchObject({ status: "pass", probe: "static" });
    expect(lived).toBe(1);
  });

  it("are errors when the check throws or gives no reason, and the others go on", async () => {
    const throws = checkFixture({
      id: "A",
      static: () => {
        throw new Error("no such thing");
      },
    });
    const silent = checkFixture({ id: "B", static: () => ({ status: "pass", reason: " " }) });
    const wordless = checkFixture({ id: "C", static: async () => await Promise.reject(new Error("")) });
    const results = await run([throws, silent, wordless, checkFixture({ id: "D" })]);
    expect(results.map(({ status }) => status)).toEqual(["error", "error", "error", "pass"]);
    expect(results.every(({ reason }) => reason !== "")).toBe(true);
  });

  it("are flaky when a test passes on its second attempt, and are not tried a third time", async () => {
    let tries = 0;
    const test = { kind: "test", group: "state", category: "integrationTests" } as const;
    const flaky = checkFixture({ id: "A", ...test, live: () => (tries++ === 0 ? no : yes) });
    const broken = checkFixture({ id: "B", ...test, live: () => no });
    const once = checkFixture({ id: "C", live: () => no });
    const results = await run([flaky, broken, once]);
    expect(results).toMatchObject([
      { status: "pass", flaky: true, attempts: 2 },
      { status: "fail", flaky: false, attempts: 2 },
      { status: "fail", attempts: 1 },
    ]);
  });
});

describe("time-outs", () => {
  it("abort the signal, and end a check that does not listen", async () => {
    const seen: string[] = [];
    const listens = checkFixture({
      id: "A",
      timeoutMs: 20,
      live: async ({ signal }) => {
        signal.addEventListener("abort", () => seen.push("told"));
        return await untilStopped(signal);
      },
    });
    const deaf = checkFixture({ id: "B", timeoutMs: 20, live: never });
    const begin = performance.now();
    const results = await run([listens, deaf]);
    expect(results.map(({ status }) => status)).toEqual(["timeout", "timeout"]);
    expect(seen).toEqual(["told"]);
    expect(performance.now() - begin).toBeLessThan(2_000);
  });

  it("hold for listing targets too", async () => {
    const hangs = checkFixture({
      id: "A",
      timeoutMs: 20,
      static: () => yes,
      targets: async () => await new Promise<never>(() => undefined),
    });
    const throws = checkFixture({
      id: "B",
      static: () => yes,
      targets: async () => await Promise.reject(new Error("no fleet")),
    });
    expect(await run([hangs, throws])).toMatchObject([{ status: "timeout" }, { status: "error", reason: "no fleet" }]);
  });
});

describe("dependencies", () => {
  it("block everything behind a failure, naming the root cause alone", async () => {
    const asked: string[] = [];
    const ask = (id: string, outcome: Outcome, dependsOn: readonly string[]): CheckDefinition =>
      checkFixture({
        id,
        dependsOn,
        static: () => {
          asked.push(id);
          return outcome;
        },
      });
    const results = await run([ask("C", yes, ["B"]), ask("B", yes, ["A"]), ask("A", no, []), ask("D", yes, [])]);
    expect(results).toMatchObject([
      { id: "C", status: "blocked", blockedBy: ["A"] },
      { id: "B", status: "blocked", blockedBy: ["A"] },
      { id: "A", status: "fail" },
      { id: "D", status: "pass" },
    ]);
    expect(asked.toSorted()).toEqual(["A", "D"]);
  });

  it("are not broken by a warning, a skip or what does not apply", async () => {
    const warns = checkFixture({ id: "A", severity: "warning", static: () => no });
    const off = checkFixture({ id: "B", static: () => ({ status: "notApplicable", reason: "off" }) });
    const behind = checkFixture({ id: "C", dependsOn: ["A", "B", "S"] });
    const planned = plannedFixture([warns, off, checkFixture({ id: "S", static: () => no }), behind]);
    const results = await runChecks(
      planned.map((check) => (check.definition.id === "S" ? { ...check, skip: "by hand" } : check)),
      options(),
    );
    expect(results.map(({ status }) => status)).toEqual(["warn", "notApplicable", "skipped", "pass"]);
  });

  it("are not broken by a failure that stands in nobody's way, also not from an earlier stage", async () => {
    const harmless = new WeakSet<Result>();
    const planned = plannedFixture([
      checkFixture({ id: "A", static: () => ({ ...no, goOn: true }) }),
      checkFixture({ id: "B", dependsOn: ["A"] }),
      checkFixture({ id: "C", dependsOn: ["A"] }),
    ]);
    const results = await runChecks(planned.slice(0, 2), options({ harmless }));
    expect(results).toMatchObject([{ status: "fail" }, { status: "pass" }]);
    expect(Object.keys(results[0] ?? {})).not.toContain("goOn");
    const earlier = Map.groupBy(results, ({ id }) => id);
    expect(await runChecks(planned.slice(2), options({ harmless }), earlier)).toMatchObject([{ status: "pass" }]);
  });

  it("hold for each target by itself", async () => {
    const targets = async (): Promise<{
      none: string;
      targets: { target: { kind: "repository"; name: string } }[];
    }> => ({
      none: "",
      targets: ["good", "bad"].map((name) => ({ target: { kind: "repository", name } })),
    });
    const first = checkFixture({ id: "A", targets, static: (_, target) => (target?.name === "bad" ? no : yes) });
    const second = checkFixture({ id: "B", targets, dependsOn: ["A"] });
    const whole = checkFixture({ id: "C", dependsOn: ["A"] });
    expect(await run([first, second, whole])).toMatchObject([
      { id: "A", status: "pass" },
      { id: "A", status: "fail" },
      { id: "B", status: "pass", target: { name: "good" } },
      { id: "B", status: "blocked", target: { name: "bad" } },
      { id: "C", status: "blocked", target: null },
    ]);
  });

  it("on an optional repository block behind its warning", async () => {
    const targets = async () =>
      ({ none: "", targets: [{ target: { kind: "repository", name: "r" }, optional: true }] }) as const;
    const results = await run([
      checkFixture({ id: "A", targets, static: () => no }),
      checkFixture({ id: "B", targets, dependsOn: ["A"] }),
    ]);
    expect(results).toMatchObject([{ status: "warn" }, { status: "blocked", severity: "warning" }]);
  });

  it("reach back to an earlier stage", async () => {
    const planned = plannedFixture([
      checkFixture({ id: "A", static: () => no }),
      checkFixture({ id: "B", dependsOn: ["A"] }),
    ]);
    const [first, second] = [planned.slice(0, 1), planned.slice(1)];
    const earlier = new Map([["A", await runChecks(first, options())]]);
    expect(await runChecks(second, options(), earlier)).toMatchObject([{ status: "blocked", blockedBy: ["A"] }]);
  });
});

describe("the resources of checks", () => {
  it("bound how many run at once, and let only one use an exclusive thing", async () => {
    let [inside, most, held, mostHeld] = [0, 0, 0, 0];
    const work = async (exclusive: boolean): Promise<Outcome> => {
      inside += 1;
      held += exclusive ? 1 : 0;
      most = Math.max(most, inside);
      mostHeld = Math.max(mostHeld, held);
      await delay(5);
      inside -= 1;
      held -= exclusive ? 1 : 0;
      return yes;
    };
    const checks = Array.from({ length: 12 }, (_, index) =>
      checkFixture({
        id: `A${index}`,
        live: async () => await work(index % 2 === 0),
        ...(index % 2 === 0 ? { exclusive: ["port", "disk"] } : {}),
      }),
    );
    const results = await run(checks, { parallel: 3 });
    expect(results.every(({ status }) => status === "pass")).toBe(true);
    expect(most).toBe(3);
    expect(mostHeld).toBe(1);
  });
});

describe("a run that is stopped", () => {
  it("has one result for everything, with the reason", async () => {
    const controller = new AbortController();
    const checks = [
      checkFixture({ id: "A" }),
      checkFixture({ id: "B", live: async ({ signal }) => await untilStopped(signal) }),
      checkFixture({ id: "C", live: never }),
      checkFixture({ id: "D", dependsOn: ["B"] }),
      ...Array.from({ length: 5 }, (_, index) => checkFixture({ id: `E${index}`, live: never })),
    ];
    const running = run(checks, { stop: controller.signal, parallel: 2 });
    await delay(30);
    controller.abort(new Error("interrupted"));
    const results = await running;
    expect(results).toHaveLength(checks.length);
    expect(results[0]).toMatchObject({ status: "pass" });
    expect(results.slice(1).every(({ status }) => status === "notRun" || status === "blocked")).toBe(true);
    expect(results.filter(({ status }) => status === "notRun").every(({ reason }) => reason === "interrupted")).toBe(
      true,
    );
  });

  it("with --fail-fast begins nothing after the first required failure, but goes on after a warning", async () => {
    const later = checkFixture({
      id: "C",
      live: async () => {
        await delay(5);
        return yes;
      },
    });
    const warns = checkFixture({ id: "A", severity: "warning", static: () => no });
    const fails = checkFixture({ id: "B", static: () => no });
    const failFast = { cause: undefined };
    const results = await run([warns, fails, later], { parallel: 1, failFast });
    expect(results).toMatchObject([
      { status: "warn" },
      { status: "fail" },
      { status: "notRun", reason: "--fail-fast: B did not pass" },
    ]);
  });
});

describe("every run", () => {
  it("gives exactly one result for each check and target, and tells of each once", async () => {
    const behaviours = ["pass", "fail", "throw", "hang", "skip", "many", "none"] as const;
    const plan = fc.array(
      fc.record({ behaviour: fc.constantFrom(...behaviours), needs: fc.array(fc.nat(9), { maxLength: 2 }) }),
      {
        minLength: 1,
        maxLength: 10,
      },
    );
    await fc.assert(
      fc.asyncProperty(plan, fc.integer({ min: 1, max: 3 }), async (shapes, parallel) => {
        const definitions = shapes.map(({ behaviour, needs }, index) => {
          const dependsOn = [...new Set(needs.filter((need) => need < index))].map((need) => `X${need}`);
          return checkFixture({ id: `X${index}`, dependsOn, timeoutMs: 5, ...bodyOf(behaviour) });
        });
        const planned = plannedFixture(definitions).map((check, index) =>
          shapes[index]?.behaviour === "skip" ? { ...check, skip: "by hand" } : check,
        );
        const told: string[] = [];
        const results = await runChecks(
          planned,
          options({
            parallel,
            graceMs: 1,
            onEvent: (event) => {
              if (event.type === "end") told.push(`${event.result.id} ${event.result.target?.name ?? ""}`);
            },
          }),
        );
        const keys = results.map((result) => `${result.id} ${result.target?.name ?? ""}`);
        expect(new Set(keys).size).toBe(keys.length);
        expect(new Set(results.map(({ id }) => id))).toEqual(new Set(definitions.map(({ id }) => id)));
        expect(told.toSorted()).toEqual(keys.toSorted());
        for (const result of results) expect(result.reason).not.toBe("");
      }),
      { numRuns: Math.min(numRuns, 200) },
    );
  });
});

function bodyOf(behaviour: "pass" | "fail" | "throw" | "hang" | "skip" | "many" | "none"): Partial<CheckDefinition> {
  switch (behaviour) {
    case "pass":
    case "skip":
      return { static: () => yes };
    case "fail":
      return { static: () => no };
    case "throw":
      return { static: async () => await Promise.reject(new Error("broken")) };
    case "hang":
      return { static: never };
    case "many":
      return {
        static: (_, target) => (target?.name === "b" ? no : yes),
        targets: async () => ({
          none: "",
          targets: ["a", "b"].map((name) => ({ target: { kind: "adapter", name } as const })),
        }),
      };
    case "none":
      return { static: () => yes, targets: async () => ({ none: "there is none", targets: [] }) };
  }
}
