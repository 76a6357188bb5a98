import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Sweep } from "../workflows/types.ts";
import { isBad } from "./outcome.ts";
import {
  HandMadeRun,
  makeJob,
  makePlanOf,
  makeStep,
  makeSweep,
  makeWorkflow,
  pinRepository,
  planTarget,
} from "./plan-fixture.ts";
import type { Plan, PlannedTarget, PlannedWait } from "./plan.ts";
import { createScheduler, type Decision, type Scheduler } from "./schedule.ts";
import { hasEnded, type TargetState } from "./state.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const judgesFailure = (condition: string): boolean => condition.includes("always");

/** A plan over some repositories: one job a letter. */
function planOf(
  jobs: Readonly<
    Record<string, { readonly sweep?: Partial<Sweep>; readonly if?: string; readonly needs?: readonly string[] }>
  >,
  targets: readonly PlannedTarget[],
): Plan {
  const names = [...new Set(targets.flatMap((target) => target.repository ?? []))];
  const list = Object.entries(jobs).map(([id, { sweep, ...rest }]) =>
    makeJob(id, [makeStep("s")], { ...rest, ...(sweep === undefined ? {} : { sweep: makeSweep(sweep) }) }),
  );
  return makePlanOf(
    makeWorkflow(list),
    targets,
    names.map((name) => pinRepository(name)),
  );
}

/** Plays the conductor: starts and skips as told. */
class Play {
  readonly run: HandMadeRun;
  readonly scheduler: Scheduler;
  readonly running = new Set<string>();
  readonly told: Decision[] = [];

  constructor(plan: Plan, defaultParallel = 2, run = new HandMadeRun(plan).begin()) {
    this.run = run;
    this.scheduler = createScheduler(run.state, { defaultParallel, judgesFailure });
    this.decide();
  }

  decide(): void {
    for (let decisions = this.scheduler.take(); decisions.length > 0; decisions = this.scheduler.take()) {
      for (const decision of decisions) {
        this.told.push(decision);
        if (decision.kind === "start") {
          if (this.run.target(decision.key).state === "queued")
            this.run.add("target.started", { target: decision.key });
          this.running.add(decision.key);
        } else {
          this.run.add("target.skipped", { target: decision.key, because: decision.because }, decision.reason);
          this.scheduler.ended(decision.key);
        }
      }
    }
  }

  end(key: string, state: "succeeded" | "failed" | "skipped"): void {
    this.running.delete(key);
    if (state === "succeeded") this.run.step(key, "s", "succeeded");
    if (state === "skipped") this.run.skip(key, "condition");
    else this.run.end(key, state);
    this.scheduler.ended(key);
    this.decide();
  }

  reasonOf(key: string): string {
    return this.run.target(key).cause.reason;
  }
}

const wait = (target: string, because: PlannedWait["because"]): PlannedWait => ({ target, because });

describe("createScheduler", () => {
  it("starts in the order of the plan, at most so many of a job at once", () => {
    const targets = ["a", "b", "c", "d"].map((name) => planTarget("j", name));
    const play = new Play(planOf({ j: { sweep: { maxParallel: 3 } } }, targets));
    expect([...play.running]).toEqual(["j/a", "j/b", "j/c"]);
    play.end("j/b", "succeeded");
    expect([...play.running]).toEqual(["j/a", "j/c", "j/d"]);
  });

  it("skips what needs a failed repository, and what needs that, and says why", () => {
    const play = new Play(
      planOf({ j: { sweep: {} } }, [
        planTarget("j", "lib"),
        planTarget("j", "api", { after: [wait("j/lib", "repository")] }),
        planTarget("j", "web", { after: [wait("j/api", "repository")] }),
        planTarget("j", "other"),
      ]),
    );
    expect([...play.running]).toEqual(["j/lib", "j/other"]);
    play.end("j/lib", "failed");
    expect(play.run.target("j/api")).toMatchObject({ state: "skipped", skipped: "dependency" });
    expect([play.reasonOf("j/api"), play.reasonOf("j/web")]).toEqual([
      "needs lib, which failed",
      "needs api, which was skipped",
    ]);
    expect([...play.running]).toEqual(["j/other"]);
  });

  it("goes on after a need whose own condition was false", () => {
    const play = new Play(
      planOf({ j: { sweep: {} } }, [
        planTarget("j", "lib"),
        planTarget("j", "api", { after: [wait("j/lib", "repository")] }),
      ]),
    );
    play.end("j/lib", "skipped");
    expect([...play.running]).toEqual(["j/api"]);
  });

  it("waits for the repository's turn whatever came of it", () => {
    const play = new Play(
      planOf({ j: { sweep: {} }, k: { sweep: {} } }, [
        planTarget("j", "a"),
        planTarget("k", "a", { after: [wait("j/a", "turn")] }),
      ]),
    );
    expect([...play.running]).toEqual(["j/a"]);
    play.end("j/a", "failed");
    expect([...play.running]).toEqual(["k/a"]);
  });

  it("waits for a whole job, and goes on when anything of it succeeded", () => {
    const plan = planOf({ j: { sweep: {} }, k: { needs: ["j"] } }, [
      planTarget("j", "a"),
      planTarget("j", "b"),
      planTarget("k", null, { afterJobs: ["j"] }),
    ]);
    const play = new Play(plan);
    play.end("j/a", "failed");
    expect([...play.running]).toEqual(["j/b"]);
    play.end("j/b", "succeeded");
    expect([...play.running]).toEqual(["k"]);
    const barren = new Play(plan);
    barren.end("j/a", "failed");
    barren.end("j/b", "failed");
    expect(barren.reasonOf("k")).toBe("needs job j, in which nothing succeeded");
  });

  it("lets a job that asks about failures judge them itself", () => {
    const play = new Play(
      planOf({ j: {}, k: { needs: ["j"], if: "always()" } }, [
        planTarget("j", null),
        planTarget("k", null, { after: [wait("j", "job")] }),
      ]),
    );
    play.end("j", "failed");
    expect(play.told.at(-1)).toEqual({ kind: "start", key: "k", failedNeed: "needs job j, which failed" });
  });

  it("stops a sweep after a failure when told to, and lets what runs end", () => {
    const targets = ["a", "b", "c"].map((name) => planTarget("j", name));
    const play = new Play(planOf({ j: { sweep: { onFailure: { mode: "stop" } } } }, targets));
    play.end("j/a", "failed");
    expect([...play.running]).toEqual(["j/b"]);
    expect(play.run.target("j/c")).toMatchObject({ state: "skipped", skipped: "policy" });
    expect(play.reasonOf("j/c")).toBe("stopped: a failed");
  });

  it("aborts a sweep above a share of failures, not at it", () => {
    const targets = ["a", "b", "c", "d", "e"].map((name) => planTarget("j", name));
    const play = new Play(
      planOf({ j: { sweep: { maxParallel: 1, onFailure: { mode: "continue", abortAbove: 0.2 } } } }, targets),
    );
    play.end("j/a", "failed");
    expect([...play.running]).toEqual(["j/b"]);
    play.end("j/b", "failed");
    expect([play.reasonOf("j/c"), play.reasonOf("j/e")]).toEqual(
      Array(2).fill("aborted: 2 of 5 failed, more than 20 %"),
    );
  });

  it("goes on from the middle as if nothing had happened", () => {
    const targets = ["a", "b", "c"].map((name) => planTarget("j", name));
    const plan = planOf({ j: { sweep: { onFailure: { mode: "stop" } } } }, targets);
    const run = new HandMadeRun(plan).begin("j/a", "j/b").end("j/a", "failed");
    const play = new Play(plan, 2, run);
    expect(play.told).toEqual([
      { kind: "start", key: "j/b", failedNeed: null },
      { kind: "skip", key: "j/c", because: "policy", reason: "stopped: a failed" },
    ]);
  });
});

/** Random plans: jobs in order, each over some repositories or once, with needs between repositories and jobs, and turns. */
const plans: fc.Arbitrary<Plan> = fc
  .array(
    fc.record({
      repositories: fc.option(fc.uniqueArray(fc.nat(4), { minLength: 1 }), { nil: null }),
      needs: fc.uniqueArray(fc.nat(3)),
      repositoryNeeds: fc.array(fc.tuple(fc.nat(4), fc.nat(4))),
      maxParallel: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      mode: fc.constantFrom("continue", "stop"),
      abortAbove: fc.option(fc.constantFrom(0, 0.3, 0.5), { nil: undefined }),
      condition: fc.option(fc.constantFrom("always()", "inputs.x"), { nil: undefined }),
    }),
    { minLength: 1, maxLength: 4 },
  )
  .map((drawn) => {
    const last = new Map<number, string>();
    const targets: PlannedTarget[] = [];
    const jobs: Record<string, Parameters<typeof planOf>[0][string]> = {};
    for (const [
      n,
      { repositories, needs, repositoryNeeds, maxParallel, mode, abortAbove, condition },
    ] of drawn.entries()) {
      const needed = needs.filter((m) => m < n);
      const onFailure = { mode, ...(abortAbove === undefined ? {} : { abortAbove }) } as const;
      jobs[`j${n}`] = {
        needs: needed.map((m) => `j${m}`),
        ...(condition === undefined ? {} : { if: condition }),
        ...(repositories === null
          ? {}
          : { sweep: { onFailure, ...(maxParallel === undefined ? {} : { maxParallel }) } }),
      };
      const afterJobsOf = (place: number | null): { after: PlannedWait[]; afterJobs: string[] } => {
        const swept = needed.filter((m) => drawn[m]?.repositories !== null);
        const shared = swept.filter((m) => place !== null && drawn[m]?.repositories?.includes(place));
        const once = needed.filter((m) => !swept.includes(m)).map((m) => wait(`j${m}`, "job"));
        return {
          after: [...once, ...shared.map((m) => wait(`j${m}/r${place}`, "job"))],
          afterJobs: swept.filter((m) => !shared.includes(m)).map((m) => `j${m}`),
        };
      };
      if (repositories === null) targets.push(planTarget(`j${n}`, null, afterJobsOf(null)));
      for (const place of repositories?.toSorted((a, b) => a - b) ?? []) {
        const { after, afterJobs } = afterJobsOf(place);
        // Only smaller ones are needed, so there is no circle and the plan's order is a valid one.
        const needsOf = new Set(
          repositoryNeeds.filter(([a, b]) => a === place && b < a && repositories?.includes(b)).map(([, b]) => b),
        );
        after.push(...[...needsOf].map((b) => wait(`j${n}/r${b}`, "repository")));
        const turn = last.get(place);
        if (turn !== undefined && !after.some(({ target }) => target === turn)) after.push(wait(turn, "turn"));
        const target = planTarget(`j${n}`, `r${place}`, { after, afterJobs });
        targets.push(target);
        last.set(place, target.key);
      }
    }
    return planOf(jobs, targets);
  });

/** What the model says against a decision, or null: kept apart from the scheduler's own books. */
function findFault(
  plan: Plan,
  run: HandMadeRun,
  decision: Decision,
  running: ReadonlySet<string>,
  defaultParallel: number,
): string | null {
  const planned = plan.targets.find(({ key }) => key === decision.key) as PlannedTarget;
  const job = plan.workflow.jobs.find(({ id }) => id === planned.job);
  const whole = (id: string): TargetState[] => [...run.state.targets.values()].filter((target) => target.job === id);
  const mine = whole(planned.job);
  if (!planned.after.every(({ target }) => hasEnded(run.target(target)))) return "a target it waits for has not ended";
  if (!(planned.afterJobs ?? []).every((id) => whole(id).every(hasEnded))) return "a job it waits for has not ended";
  const bad = planned.after.filter(({ target, because }) => because !== "turn" && isBad(run.target(target)));
  const barren = (planned.afterJobs ?? []).filter((id) => whole(id).every(isBad));
  const isNeedBad = bad.length + barren.length > 0;
  const failed = mine.filter((target) => target.state === "failed").length;
  const { mode, abortAbove = 1 } = job?.sweep?.onFailure ?? { mode: "continue" };
  const isStopped = (mode === "stop" && failed > 0) || failed / mine.length > abortAbove;
  const mustNotRun = isNeedBad && job?.if !== "always()";
  if (decision.kind === "start") {
    if (isStopped) return "the sweep has been stopped";
    if (mustNotRun) return "what it needs ended badly";
    if ((decision.failedNeed !== null) !== isNeedBad) return `is told wrongly of its needs: ${decision.failedNeed}`;
    const beside = [...running].filter((key) => run.target(key).job === planned.job).length;
    return beside < (job?.sweep?.maxParallel ?? defaultParallel) ? null : "too many of the job run";
  }
  if (decision.because === "policy") return isStopped && !mustNotRun ? null : "the sweep has not been stopped";
  const named = [
    ...bad.map(({ target, because }) => run.target(target)[because === "repository" ? "repository" : "job"]),
    ...barren,
  ];
  if (!mustNotRun) return "all that it needs is there";
  return named.some((name) => decision.reason.includes(name ?? "?")) ? null : `is told wrongly why: ${decision.reason}`;
}

describe("createScheduler, on any plan and any outcomes", () => {
  it("starts nothing early, keeps all limits, and leaves nothing undecided", () => {
    const outcomes = fc.infiniteStream(
      fc.tuple(fc.nat(9), fc.constantFrom("succeeded", "succeeded", "failed", "skipped")),
    );
    fc.assert(
      fc.property(
        plans,
        outcomes,
        fc.nat(20),
        fc.integer({ min: 1, max: 3 }),
        (plan, stream, restartAfter, defaultParallel) => {
          const run = new HandMadeRun(plan).begin();
          const running = new Set<string>();
          const decided = new Set<string>();
          const faults: string[] = [];
          let scheduler = createScheduler(run.state, { defaultParallel, judgesFailure });
          let decisions = scheduler.take();
          for (let round = 0; ; round += 1) {
            if (round === restartAfter) {
              // A crash: a new scheduler goes on from the state alone, and names what was running first.
              scheduler = createScheduler(run.state, { defaultParallel, judgesFailure });
              const all = scheduler.take();
              const begun = all.splice(0, running.size).map(({ kind, key }) => `${kind} ${key}`);
              const expected = plan.targets.filter(({ key }) => running.has(key)).map(({ key }) => `start ${key}`);
              if (begun.join() !== expected.join()) faults.push(`after a restart: ${begun.join()}`);
              decisions = all;
            }
            for (; decisions.length > 0; decisions = scheduler.take()) {
              for (const decision of decisions) {
                const fault = findFault(plan, run, decision, running, defaultParallel);
                if (fault !== null) faults.push(`${decision.kind} ${decision.key}: ${fault}`);
                if (decided.has(decision.key)) faults.push(`${decision.key} is decided twice`);
                decided.add(decision.key);
                if (decision.kind === "start") {
                  run.add("target.started", { target: decision.key });
                  running.add(decision.key);
                } else {
                  run.skip(decision.key, decision.because);
                  scheduler.ended(decision.key);
                }
              }
            }
            if (running.size === 0) break;
            const [pick, outcome] = stream.next().value as [number, "succeeded" | "failed" | "skipped"];
            const key = [...running][pick % running.size] as string;
            running.delete(key);
            if (outcome === "skipped") run.skip(key, "condition");
            else if (outcome === "failed") run.end(key, "failed");
            else run.step(key, "s", "succeeded").end(key, "succeeded");
            scheduler.ended(key);
            decisions = scheduler.take();
          }
          expect(faults).toEqual([]);
          expect([...run.state.targets.values()].filter((target) => !hasEnded(target))).toEqual([]);
          expect(decided.size).toBe(plan.targets.length);
        },
      ),
      { numRuns },
    );
  });
});
