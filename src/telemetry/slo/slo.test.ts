import { DatabaseSync } from "node:sqlite";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Config } from "../../config/schema.ts";
import { livingOwner, newRun, withStore } from "../../store/store-fixture.ts";
import { burnWindows, judgeObjective } from "./judge-objective.ts";
import { readObjective } from "./read-objectives.ts";
import { sloSource } from "./slo-source.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);
const none = { good: 0, total: 0 };
const quiet = { "5m": none, "30m": none, "1h": none, "6h": none, "3d": none };
const bad = { good: 0, total: 4 };
const good = { good: 4, total: 4 };

describe("an objective", () => {
  it("without runs is unknown, never fine", () => {
    const verdict = judgeObjective(99, { whole: none, windows: quiet });
    expect(verdict).toMatchObject({ state: "unknown", burn: "unknown", ratio: null, budgetLeft: null, burnRate: null });
  });

  it("burns when both times of a pair say so, and not when one of them is over or empty", () => {
    const whole = { good: 990, total: 1_000 };
    const judge = (windows: Partial<typeof quiet>) => judgeObjective(99, { whole, windows: { ...quiet, ...windows } });
    expect(judge({ "5m": bad, "1h": bad, "6h": bad })).toMatchObject({
      state: "burning",
      burn: "burning",
      burnRate: 100,
    });
    expect(judge({ "5m": good, "30m": good, "1h": bad, "6h": bad }).burn).toBe("ok");
    expect(judge({ "1h": bad, "6h": bad }).burn).toBe("unknown");
    // 8 % are bad where 1 % may be: too fast for six hours, and not for one.
    const slow = { good: 92, total: 100 };
    expect(judge({ "5m": slow, "30m": slow, "1h": slow, "6h": slow })).toMatchObject({
      state: "burning",
      burn: "burning",
    });
    expect(judge({ "5m": slow, "30m": good, "1h": slow, "6h": slow }).burn).toBe("ok");
  });

  it("is exhausted when more was bad than may be, and says how much is left before", () => {
    expect(judgeObjective(99, { whole: { good: 98, total: 100 }, windows: quiet })).toMatchObject({
      state: "exhausted",
    });
    const half = judgeObjective(99, { whole: { good: 199, total: 200 }, windows: quiet });
    expect(half.state).toBe("ok");
    expect(half.budgetLeft).toBeCloseTo(0.5);
  });
});

it("an objective is never better for one more bad run, and tells figures that are some", () => {
  const counted = fc
    .tuple(fc.integer({ min: 0, max: 1_000 }), fc.integer({ min: 0, max: 1_000 }))
    .map(([a, b]) => ({ good: Math.min(a, b), total: Math.max(a, b) }));
  const windows = fc.record({ "5m": counted, "30m": counted, "1h": counted, "6h": counted, "3d": counted });
  const worse = ({ good: fine, total }: { good: number; total: number }) => ({ good: fine, total: total + 1 });
  fc.assert(
    fc.property(fc.double({ min: 1, max: 99.999, noNaN: true }), counted, windows, (objective, whole, before) => {
      const one = judgeObjective(objective, { whole, windows: before });
      const after = { "5m": worse(before["5m"]), "30m": worse(before["30m"]), "1h": worse(before["1h"]) };
      const other = judgeObjective(objective, { whole: worse(whole), windows: { ...before, ...after } });
      const { budgetLeft, ratio, state, burn, burnRates } = one;
      expect({
        isKnown: (budgetLeft !== null && ratio !== null) === whole.total > 0,
        isNoBetter: Number(other.budgetLeft) <= (budgetLeft ?? Number.POSITIVE_INFINITY),
        isPart: (budgetLeft ?? 0) <= 1 && (ratio ?? 0) >= 0 && (ratio ?? 0) <= 1,
        goesOnBurning: burn !== "burning" || other.burn === "burning",
        hasSomeLeft: state !== "ok" || Number(budgetLeft) > 0,
        hasSpeeds: Object.values(burnRates).every((rate) => (rate ?? 0) >= 0),
      }).toEqual({
        isKnown: true,
        isNoBetter: true,
        isPart: true,
        goesOnBurning: true,
        hasSomeLeft: true,
        hasSpeeds: true,
      });
    }),
    { numRuns: runs },
  );
});

interface Ended {
  readonly ago: number;
  readonly took: number;
  readonly state: string;
  readonly workflow: string;
}

/** Rows as they are once runs are over, without their history. */
function addRuns(file: string, now: number, ended: readonly Ended[]): void {
  const db = new DatabaseSync(file);
  const add = db.prepare(`
    INSERT INTO run(id, workflow, revision, actor, created_at, state, reason, ended_at, total, queued, running, succeeded, failed, cancelled,
      skipped, fence, run_seq, tail) VALUES(?, ?, '', '', ?, ?, '', ?, 1, 0, 0, 0, 0, 0, 0, 0, 1, 1)`);
  db.exec("BEGIN");
  ended.forEach(({ ago, took, state, workflow }, index) => {
    add.run(`r${index}`, workflow, now - ago - took, state, now - ago);
  });
  db.exec("COMMIT");
  db.close();
}

describe("what the store counts", () => {
  it("is what a plain count gives, for any runs, any times and any bound", async () => {
    const now = 1_800_000_000_000;
    const one = fc.record({
      ago: fc.integer({ min: 0, max: 4 * 86_400_000 }),
      took: fc.integer({ min: 0, max: 3_600_000 }),
      state: fc.constantFrom("succeeded", "partial", "failed", "cancelled"),
      workflow: fc.constantFrom("a", "b", "c"),
    });
    const query = fc.record({
      ages: fc.uniqueArray(fc.integer({ min: 0, max: 5 * 86_400_000 }), { minLength: 1, maxLength: 6 }),
      workflows: fc.subarray(["a", "b"]),
      withinMs: fc.option(fc.integer({ min: 0, max: 3_600_000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(one, { maxLength: 30 }), query, async (ended, { ages, workflows, withinMs }) => {
        await withStore(async (store, file) => {
          // The product's own runs are nobody's promise.
          addRuns(file, now, [...ended, { ago: 0, took: 0, state: "failed", workflow: "mahavishnu/purge" }]);
          const counted = ended.filter(({ state, workflow }) => {
            return state !== "cancelled" && (workflows.length === 0 || workflows.includes(workflow));
          });
          const expected = ages.map((age) => {
            const inside = counted.filter(({ ago }) => ago <= age);
            const isGood = ({ state, took }: Ended) => (withinMs === null ? state === "succeeded" : took <= withinMs);
            return { good: inside.filter(isGood).length, total: inside.length };
          });
          const since = ages.map((age) => now - age);
          expect(await store.countGoodRuns({ since, workflows, withinMs })).toEqual(expected);
        });
      }),
      { numRuns: Math.ceil(runs / 5) },
    );
  });
});

const parse = (more: object): Config => Config.parse({ version: 1, auth: { enabled: false }, ...more });

it("reads an objective and tells of it, and of nothing where no run has ended", async () => {
  await withStore(async (store, file) => {
    const now = Date.now();
    const config = parse({
      telemetry: {
        slos: {
          fast: { latency: { objective: 90, within: "1m" }, workflows: ["a"] },
          idle: { availability: {}, workflows: ["z"] },
        },
      },
    });
    const minute = 60_000;
    addRuns(file, now, [
      ...Array.from({ length: 8 }, () => ({ ago: minute, took: 1_000, state: "failed", workflow: "a" })),
      { ago: 2 * minute, took: 2 * minute, state: "succeeded", workflow: "a" },
      { ago: 2 * 3_600_000, took: 2 * minute, state: "succeeded", workflow: "a" },
      { ago: minute, took: 2 * minute, state: "cancelled", workflow: "a" },
      { ago: minute, took: 2 * minute, state: "succeeded", workflow: "b" },
    ]);
    const fast = await readObjective(store, config, { name: "fast", now });
    expect(fast).toMatchObject({ kind: "latency", good: 8, total: 10, state: "exhausted", note: null });
    expect(fast?.burnRates["1h"]).toBeCloseTo(10 / 9);
    expect(fast?.budgetLeft).toBeCloseTo(-1);
    expect(await readObjective(store, config, { name: "constructor", now })).toBeNull();
    const points = await sloSource(store, config).collect();
    expect(points.filter(({ labels }) => labels["slo"] === "idle")).toEqual([]);
    expect(points.map(({ labels }) => labels["window"]).filter(Boolean)).toEqual(Object.keys(burnWindows));
  });
});

it("does not take for all what a purge has left", async () => {
  await withStore(async (store, file) => {
    const now = Date.now();
    const hour = 3_600_000;
    const config = parse({ telemetry: { slos: { all: { availability: { objective: 99 }, window: "30d" } } } });
    const of = (state: string, ago: number): Ended => ({ ago, took: 0, state, workflow: "a" });
    addRuns(file, now, [
      of("succeeded", 5 * hour),
      of("failed", 2 * hour),
      of("succeeded", 60_000),
      of("cancelled", 1),
    ]);
    const read = async () => await readObjective(store, config, { name: "all", now });
    expect(await read()).toMatchObject({ total: 3, note: null, burnRates: { "6h": expect.any(Number) as number } });
    // The newest event stays, whatever is purged: it is another run's.
    const owner = livingOwner();
    await store.heartbeat(owner, Date.now() + 60_000);
    for (const id of ["queued0000", "queued0001"])
      await store.createRun(newRun(id, owner, { owner: null, start: null }));
    const bounds = { endedBefore: now + 1, belowPosition: 1_000, owedSince: 0 };
    const purge = async (id: string) => {
      const { position } = (await store.getRun(id)) ?? { position: 0 };
      expect(await store.purgeRuns([position], bounds)).toHaveLength(1);
    };
    // The bad one alone goes: the rest must not be taken for a good day.
    await purge("r1");
    expect(await read()).toMatchObject({
      total: 1,
      windowMs: 2 * hour - 1,
      note: expect.stringContaining("purged") as string,
      burnRates: { "1h": 0, "6h": null, "3d": null },
    });
    // An older one, and one that does not count, say nothing more.
    await purge("r0");
    await purge("r3");
    expect(await read()).toMatchObject({ windowMs: 2 * hour - 1 });
  });
});

it("says when the history is not kept for the whole window", async () => {
  await withStore(async (store) => {
    const retention = { every: "1d", runs: { succeeded: { age: "7d" } } };
    const slos = { all: { availability: { objective: 99 }, window: "30d" } };
    const config = parse({ retention, telemetry: { slos } });
    const reading = await readObjective(store, config, { name: "all", now: Date.now() });
    expect(reading).toMatchObject({
      windowMs: 7 * 86_400_000,
      note: expect.stringContaining("retention.runs") as string,
    });
  });
});
