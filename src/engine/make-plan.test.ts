import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Fleet, Repository } from "../repositories/types.ts";
import type { Job } from "../workflows/types.ts";
import { Workspace } from "./engine-fixture.ts";
import { makePlan } from "./make-plan.ts";
import { makeJob, makeStep, makeSweep, makeWorkflow } from "./plan-fixture.ts";
import type { Plan, PlannedTarget } from "./plan.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** A fleet by what each repository needs; the role, if any, comes after a colon. */
function fleetOf(needs: Readonly<Record<string, readonly string[]>>, rest: Partial<Repository> = {}): Fleet {
  const repositories = Object.entries(needs).map(([name, own], index): Repository => ({
    name,
    index,
    path: `/nowhere/${name}`,
    tags: [],
    needs: own,
    optional: false,
    env: {},
    place: { file: "repos.yaml", line: 1 },
    ...rest,
  }));
  return {
    file: "repos.yaml",
    root: "/nowhere",
    repositories,
    byName: new Map(repositories.map((repository) => [repository.name, repository] as const)),
    roles: new Map([["service", { name: "service", timeoutMs: 5_000 }]]),
    selectors: new Map(),
    allowedRoots: [],
  };
}

/** Selectors of these tests are lists of names. */
function planFor(jobs: readonly Job[], fleet: Fleet, last = false): Promise<Plan> {
  return makePlan({
    workflow: makeWorkflow(jobs, last ? [makeStep("s")] : []),
    inputs: { x: 1 },
    fleet,
    select: async (selector) => {
      const names = selector?.split(" ");
      return fleet.repositories.filter(({ name }) => names === undefined || names.includes(name));
    },
    timeoutMs: 1_000,
    runTimeoutMs: 9_000,
  });
}

const step = [makeStep("s")];
const sweepJob = (id: string, select?: string, rest: Partial<Job> = {}): Job =>
  makeJob(id, step, { sweep: makeSweep(select === undefined ? {} : { select }), ...rest });

/** `key` with what it waits for. */
const waits = (plan: Plan): Readonly<Record<string, string>> =>
  Object.fromEntries(
    plan.targets.map(({ key, after, afterJobs = [] }) => [
      key,
      [...after.map((wait) => `${wait.because} ${wait.target}`), ...afterJobs.map((job) => `all of ${job}`)].join(", "),
    ]),
  );

describe("makePlan", () => {
  it("pins where a repository is cloned from without the password of it", async () => {
    const fleet = fleetOf({ a: [] }, { url: "https://ann:hunter2@git.example.test/a.git" });
    const { repositories } = await planFor([sweepJob("j")], fleet);
    expect(repositories["a"]?.url).toBe("https://***@git.example.test/a.git");
  });

  it("orders repositories by their needs, through those that are not selected", async () => {
    const fleet = fleetOf({ web: ["api"], api: ["lib"], lib: [], free: [] });
    expect(waits(await planFor([sweepJob("j")], fleet))).toEqual({
      "j/lib": "",
      "j/free": "",
      "j/api": "repository j/lib",
      "j/web": "repository j/api",
    });
    expect(waits(await planFor([sweepJob("j", "web lib")], fleet))).toEqual({
      "j/lib": "",
      "j/web": "repository j/lib",
    });
  });

  it("lets nobody wait in the order of the manifest", async () => {
    const fleet = fleetOf({ web: ["api"], api: [] });
    const plan = await planFor([makeJob("j", step, { sweep: makeSweep({ order: "manifest" }) })], fleet);
    expect(waits(plan)).toEqual({ "j/web": "", "j/api": "" });
  });

  it("waits for a needed job in the same repository where both sweep it, else for the whole job", async () => {
    const fleet = fleetOf({ a: [], b: [], c: [] });
    const jobs = [
      sweepJob("ship", "a c", { needs: ["edit"] }),
      sweepJob("edit", "a b"),
      makeJob("tell", step, { needs: ["edit", "prepare"] }),
      makeJob("prepare", step),
    ];
    expect(waits(await planFor(jobs, fleet))).toEqual({
      "edit/a": "",
      "edit/b": "",
      "ship/a": "job edit/a",
      "ship/c": "all of edit",
      prepare: "",
      tell: "job prepare, all of edit",
    });
  });

  it("gives jobs that share repositories their turns one after the other", async () => {
    const fleet = fleetOf({ a: [], b: [] });
    const plan = await planFor([sweepJob("one"), sweepJob("two", "b"), sweepJob("three")], fleet);
    expect(waits(plan)).toEqual({
      "one/a": "",
      "one/b": "",
      "two/b": "turn one/b",
      "three/a": "turn one/a",
      "three/b": "turn two/b",
    });
  });

  it("takes the time limit of the job, else of the role, else of the configuration", async () => {
    const fleet = fleetOf({ a: [] }, { role: "service" });
    const limitOf = async (job: Job): Promise<number | undefined> =>
      (await planFor([job], fleet)).targets[0]?.timeoutMs;
    expect(await limitOf(sweepJob("j", "a", { timeoutMs: 7 }))).toBe(7);
    expect(await limitOf(sweepJob("j", "a"))).toBe(5_000);
    expect(await limitOf(makeJob("j", step))).toBe(1_000);
    expect(await planFor([makeJob("j", step)], fleet)).toMatchObject({ runTimeoutMs: 9_000, inputs: { x: 1 } });
  });

  it("refuses a sweep of nothing unless it is allowed, and circles", async () => {
    const fleet = fleetOf({ a: [] });
    await expect(planFor([sweepJob("j", "none")], fleet)).rejects.toMatchObject({ code: "PLAN_EMPTY" });
    const allowed = makeJob("j", step, { sweep: makeSweep({ select: "none", allowEmpty: true }) });
    expect(
      (await planFor([allowed, sweepJob("k", "a", { needs: ["j"] })], fleet)).targets.map(({ key }) => key),
    ).toEqual(["k/a"]);
    await expect(
      planFor([makeJob("j", step, { needs: ["k"] }), makeJob("k", step, { needs: ["j"] })], fleet),
    ).rejects.toThrow("j -> k -> j");
    await expect(planFor([sweepJob("j")], fleetOf({ a: ["b"], b: ["a"] }))).rejects.toThrow("a -> b -> a");
  });

  it("pins the commit of each repository that is used, and keeps one that cannot be read", async () => {
    await using workspace = new Workspace();
    const { path, base } = workspace.repository("a");
    const fleet = fleetOf({ a: [], gone: [], unused: [] });
    const repositories = fleet.repositories.map((repository) =>
      repository.name === "a" ? { ...repository, path } : repository,
    );
    const byName = new Map(repositories.map((repository) => [repository.name, repository] as const));
    const plan = await planFor([sweepJob("j", "a gone")], { ...fleet, repositories, byName }, true);
    expect(base).toMatch(/^[0-9a-f]{40}$/);
    expect(plan.repositories).toMatchObject({ a: { base, path }, gone: { base: null } });
    expect(Object.keys(plan.repositories)).toEqual(["a", "gone"]);
    expect(plan.targets.at(-1)).toEqual({
      key: "finally",
      job: "finally",
      repository: null,
      after: [],
      timeoutMs: 1_000,
    });
  });

  it("waits only for what comes earlier in the plan, for every fleet and every selection", async () => {
    const names = ["a", "b", "c", "d", "e"];
    const needs = fc.array(fc.tuple(fc.nat(4), fc.nat(4)), { maxLength: 8 });
    const jobs = fc.array(
      fc.record({
        picks: fc.option(fc.uniqueArray(fc.nat(4), { minLength: 1 }), { nil: null }),
        needs: fc.uniqueArray(fc.nat(2)),
      }),
      { minLength: 1, maxLength: 3 },
    );
    await fc.assert(
      fc.asyncProperty(needs, jobs, async (edges, drawn) => {
        const entries = names.map(
          (name, at) =>
            [
              name,
              edges.filter(([from, to]) => from === at && to < from).map(([, to]) => names[to] as string),
            ] as const,
        );
        const fleet = fleetOf(Object.fromEntries(entries));
        const list = drawn.map(({ picks, needs: own }, at) => {
          const rest = { needs: own.filter((need) => need < at).map((need) => `j${need}`) };
          return picks === null
            ? makeJob(`j${at}`, step, rest)
            : sweepJob(`j${at}`, picks.map((pick) => names[pick]).join(" "), rest);
        });
        const { targets } = await planFor(list, fleet);
        expect(targets.filter((target, place) => !comesAfterItsWaits(target, targets.slice(0, place)))).toEqual([]);
        expect(new Set(targets.map(({ key }) => key)).size).toBe(targets.length);
        expect(targets.filter(({ repository }, place) => !hasTurn(repository, place, targets))).toEqual([]);
      }),
      { numRuns },
    );
  });
});

function comesAfterItsWaits(target: PlannedTarget, before: readonly PlannedTarget[]): boolean {
  const keys = new Set(before.map(({ key }) => key));
  const jobs = new Set(before.map(({ job }) => job));
  return target.after.every((wait) => keys.has(wait.target)) && (target.afterJobs ?? []).every((job) => jobs.has(job));
}

/** Of two targets of one repository, the later waits for the earlier, be it over others. */
function hasTurn(repository: string | null, place: number, targets: readonly PlannedTarget[]): boolean {
  const earlier = targets.slice(0, place).findLast((other) => other.repository === repository);
  if (repository === null || earlier === undefined) return true;
  const byKey = new Map(targets.map((target) => [target.key, target] as const));
  const pending = [targets[place] as PlannedTarget];
  for (let target = pending.pop(); target !== undefined; target = pending.pop()) {
    if (target.key === earlier.key) return true;
    pending.push(...target.after.flatMap((wait) => byKey.get(wait.target) ?? []));
  }
  return false;
}
