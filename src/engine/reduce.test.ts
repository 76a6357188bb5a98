import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EventRecord } from "../store/contract.ts";
import type { RunEvent } from "./events.ts";
import { HandMadeRun, makeJob, makePlanOf, makeStep, makeWorkflow, pinRepository, planTarget } from "./plan-fixture.ts";
import { finallyKey, type Plan } from "./plan.ts";
import { replay } from "./reduce.ts";
import type { RunState, TargetState } from "./state.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

/** Two repositories, two steps each, and a `finally` of one step. */
const plan: Plan = makePlanOf(
  makeWorkflow(
    [makeJob("j", [makeStep("one"), makeStep("two", "false", { continueOnError: true })])],
    [makeStep("last")],
  ),
  [planTarget("j", "a"), planTarget("j", "b")],
  [pinRepository("a"), pinRepository("b")],
);
const makeRun = (): HandMadeRun => new HandMadeRun(plan);

/** What the store gives back. */
function stored(events: readonly RunEvent[]): EventRecord[] {
  const records = events.map((event, index) => ({ ...event, seq: index + 1, runId: "run0000000", runSeq: index + 1 }));
  return JSON.parse(JSON.stringify(records)) as EventRecord[];
}

function countTargets(state: RunState): RunState["counts"] {
  const counts = {
    total: state.targets.size,
    queued: 0,
    running: 0,
    succeeded: 0,
    failed: 0,
    cancelled: 0,
    skipped: 0,
  };
  for (const target of state.targets.values()) counts[target.state] += 1;
  return counts;
}

type Move = (run: HandMadeRun) => unknown;

/** Every event that could be tried, whether it is legal now or not. */
const moves: fc.Arbitrary<Move> = (() => {
  const key = fc.constantFrom("j/a", "j/b", finallyKey);
  const step = fc.constantFrom("one", "two", "last");
  const ended = fc.constantFrom("succeeded", "failed", "cancelled");
  return fc.oneof(
    fc.constant<Move>((run) => run.add("run.started", {})),
    fc.constant<Move>((run) => run.add("run.cancelling", { atOnce: false })),
    fc.constant<Move>((run) => run.add("run.released", {})),
    fc.constant<Move>((run) => run.add("run.takenOver", { pid: 1 })),
    fc.array(fc.record({ key, fromStep: fc.option(step) }), { maxLength: 3 }).map(
      (targets): Move =>
        (run) =>
          run.add("run.retried", { targets }),
    ),
    fc.constantFrom("succeeded", "partial", "failed", "cancelled", "running").map(
      (state): Move =>
        (run) =>
          run.add("run.finished", { state }),
    ),
    {
      weight: 4,
      arbitrary: key.map(
        (target): Move =>
          (run) =>
            run.add("target.started", { target }),
      ),
    },
    fc.tuple(key, fc.constantFrom("condition", "dependency", "policy")).map(
      ([target, because]): Move =>
        (run) =>
          run.skip(target, because),
    ),
    {
      weight: 4,
      arbitrary: fc.tuple(key, ended).map(
        ([target, state]): Move =>
          (run) =>
            run.end(target, state),
      ),
    },
    {
      weight: 6,
      arbitrary: fc.tuple(key, step).map(
        ([target, id]): Move =>
          (run) =>
            run.startStep(target, id),
      ),
    },
    {
      weight: 8,
      arbitrary: fc.tuple(key, step, ended, fc.option(fc.nat())).map(([target, id, state, retryAt]): Move => (run) => {
        const attempt = run.target(target).steps.find((each) => each.id === id)?.attempts.length ?? 0;
        const rest = { failure: null, exitCode: 0, outputs: { n: id }, output: null, lastLine: null };
        run.add("step.finished", {
          target,
          step: id,
          attempt,
          state,
          retryAt: state === "failed" ? retryAt : null,
          ...rest,
        });
      }),
    },
    fc.tuple(key, step).map(
      ([target, id]): Move =>
        (run) =>
          run.add("step.skipped", { target, step: id }),
    ),
    fc.tuple(key, step).map(
      ([target, id]): Move =>
        (run) =>
          run.add("step.interrupted", { target, step: id }),
    ),
  );
})();

describe("reduce", () => {
  it("gives the same state from the stored history as it did live, with counts that equal the targets' states", () => {
    let legal = 0;
    fc.assert(
      fc.property(fc.array(moves, { maxLength: 120, size: "max" }), fc.boolean(), (tried, isBegun) => {
        // An illegal event leaves a state that nobody may use, so each move is tried on a fresh replay first.
        let run = isBegun ? makeRun().begin("j/a", "j/b") : makeRun();
        for (const move of tried) {
          const trial = copyOf(run);
          try {
            move(trial);
          } catch {
            continue;
          }
          run = trial;
          legal += 1;
          expect(run.state.counts).toEqual(countTargets(run.state));
          expect(run.state.runSeq).toBe(run.events.length);
        }
        expect(replay(stored(run.events))).toEqual(run.state);
        for (const target of run.state.targets.values()) expect(findNonsense(target)).toBeNull();
      }),
      { numRuns },
    );
    // The property would hold of nothing too.
    expect(legal).toBeGreaterThan(3 * numRuns);
  });

  it("tells when the row of the run has changed", () => {
    const run = makeRun().begin("j/a").startStep("j/a", "one");
    expect(run.state).toMatchObject({ state: "running", startedAt: 1_001, counts: { running: 1, queued: 2 } });
  });

  it.each<[string, Move]>([
    ["a second creation", (run) => run.add("run.created", { plan })],
    ["a start of what runs", (run) => run.begin().add("run.started", {})],
    ["an end before all targets have ended", (run) => run.begin().add("run.finished", { state: "succeeded" })],
    ["an end that is none", (run) => endAll(run.begin()).add("run.finished", { state: "running" })],
    ["a cancelled end that nobody wished", (run) => endAll(run.begin()).add("run.finished", { state: "cancelled" })],
    [
      "another end than the wished one",
      (run) => endAll(run.begin().add("run.cancelling", { atOnce: false })).add("run.finished", { state: "succeeded" }),
    ],
    ["a second end", (run) => finish(run).add("run.finished", { state: "failed" })],
    ["a cancel of what is over", (run) => finish(run).add("run.cancelling", { atOnce: true })],
    ["a take-over of what is over", (run) => finish(run).add("run.takenOver", { pid: 1 })],
    [
      "a retry of what is not over",
      (run) => run.begin().add("run.retried", { targets: [{ key: "j/a", fromStep: null }] }),
    ],
    ["a retry of nothing", (run) => finish(run).add("run.retried", { targets: [] })],
    ["a target that is not in the plan", (run) => run.begin("j/c")],
    ["a target before the run has begun", (run) => run.add("target.started", { target: "j/a" })],
    [
      "a target while the run is cancelled",
      (run) => run.begin().add("run.cancelling", { atOnce: false }).add("target.started", { target: "j/a" }),
    ],
    ["a target that begins twice", (run) => run.begin("j/a", "j/a")],
    ["a success of a target that has not begun", (run) => run.begin().end("j/a", "succeeded")],
    ["a failure of a target that has not begun", (run) => run.begin().end("j/a", "failed")],
    [
      "a success before all steps are done",
      (run) => run.begin("j/a").step("j/a", "one", "succeeded").end("j/a", "succeeded"),
    ],
    ["an end while a step runs", (run) => run.begin("j/a").startStep("j/a", "one").end("j/a", "cancelled")],
    ["a skip while a step runs", (run) => run.begin("j/a").startStep("j/a", "one").skip("j/a", "policy")],
    ["a step of a target that has not begun", (run) => run.begin().startStep("j/a", "one")],
    ["a step that the target does not have", (run) => run.begin("j/a").startStep("j/a", "last")],
    ["a step that runs already", (run) => run.begin("j/a").startStep("j/a", "one").startStep("j/a", "one")],
    ["a step that has succeeded", (run) => run.begin("j/a").step("j/a", "one", "succeeded").startStep("j/a", "one")],
    [
      "an attempt out of order",
      (run) => run.begin("j/a").add("step.started", { target: "j/a", step: "one", attempt: 2, process: null }),
    ],
    [
      "the end of an attempt that does not run",
      (run) => run.begin("j/a").step("j/a", "one", "failed", 5).add("step.interrupted", { target: "j/a", step: "one" }),
    ],
    [
      "a skip of a step that runs",
      (run) => run.begin("j/a").startStep("j/a", "one").add("step.skipped", { target: "j/a", step: "one" }),
    ],
    ["anything about a target of a run that is over", (run) => finish(run).skip("j/a", "policy")],
  ])("refuses %s", (_, move) => {
    expect(() => move(makeRun())).toThrow(/cannot follow|has no (?:target|step)/);
  });

  it("keeps attempts of all rounds side by side, and counts those of this one", () => {
    const run = makeRun()
      .begin("j/a")
      .step("j/a", "one", "succeeded")
      .step("j/a", "two", "failed", 9)
      .step("j/a", "two", "failed");
    endAll(run.end("j/a", "failed")).add("run.finished", { state: "failed" });
    run.add("run.retried", {
      targets: [
        { key: "j/a", fromStep: "two" },
        { key: finallyKey, fromStep: null },
      ],
    });
    expect(run.state).toMatchObject({ state: "queued", endedAt: null, counts: { queued: 2, skipped: 1 } });
    expect([run.target("j/a").isAnew, run.target(finallyKey).isAnew]).toEqual([false, false]);
    run
      .add("run.started", {})
      .add("target.started", { target: "j/a" })
      .step("j/a", "two", "succeeded")
      .end("j/a", "succeeded");
    const [one, two] = run.target("j/a").steps;
    expect(one?.attempts).toHaveLength(1);
    expect(two?.attempts.map(({ number, state }) => [number, state])).toEqual([
      [1, "failed"],
      [2, "failed"],
      [3, "succeeded"],
    ]);
    expect(two).toMatchObject({ earlierAttempts: 2, state: "succeeded" });
    expect(run.target("j/a")).toMatchObject({ round: 2, state: "succeeded" });
  });

  it("begins a target anew in its first round, and when its first step is named", () => {
    const run = makeRun();
    expect(run.target("j/a").isAnew).toBe(true);
    run.begin("j/a").step("j/a", "one", "failed");
    endAll(run.end("j/a", "failed")).add("run.finished", { state: "failed" });
    run.add("run.retried", { targets: [{ key: "j/a", fromStep: null }] });
    expect(run.target("j/a").isAnew).toBe(false);
    run.begin("j/a").step("j/a", "one", "failed").end("j/a", "failed").add("run.finished", { state: "failed" });
    run.add("run.retried", { targets: [{ key: "j/a", fromStep: "one" }] });
    expect(run.target("j/a").isAnew).toBe(true);
    expect(replay(stored(run.events)).targets.get("j/a")).toEqual(run.target("j/a"));
  });

  it("begins a round at the first step that ended badly, forgiven failures and skips apart", () => {
    const forgiving = makePlanOf(
      makeWorkflow([
        makeJob("j", [
          makeStep("lint", "", { continueOnError: true }),
          makeStep("opt"),
          makeStep("build"),
          makeStep("test"),
          makeStep("tell"),
        ]),
      ]),
      [planTarget("j", null)],
    );
    const run = new HandMadeRun(forgiving)
      .begin("j")
      .step("j", "lint", "failed")
      .add("step.skipped", { target: "j", step: "opt" });
    run.step("j", "build", "succeeded").step("j", "test", "failed").step("j", "tell", "succeeded").end("j", "failed");
    run.add("run.finished", { state: "failed" }).add("run.retried", { targets: [{ key: "j", fromStep: null }] });
    expect(run.target("j").steps.map(({ state }) => state)).toEqual([
      "failed",
      "skipped",
      "succeeded",
      "pending",
      "pending",
    ]);
  });

  it("ends the waiting of a step with its target", () => {
    const run = makeRun().begin("j/a").step("j/a", "one", "failed", 77);
    expect(run.target("j/a").steps[0]).toMatchObject({ state: "waiting", retryAt: 77 });
    run.add("run.cancelling", { atOnce: false }).end("j/a", "cancelled");
    expect(run.target("j/a").steps[0]).toMatchObject({ state: "failed", retryAt: null });
  });

  it("refuses a history that does not begin with its creation", () => {
    expect(() => replay([])).toThrow("run.created");
    expect(() => replay(stored(makeRun().begin().events).slice(1))).toThrow("run.created");
  });
});

/** The run as it stands, made anew from its events. */
function copyOf(run: HandMadeRun): HandMadeRun {
  const copy = makeRun();
  for (const { type, data, reason } of run.events.slice(1)) copy.add(type, data, reason);
  return copy;
}

function endAll(run: HandMadeRun): HandMadeRun {
  for (const { key, state } of run.state.targets.values()) {
    if (state === "queued") run.skip(key, "condition");
  }
  return run;
}

function finish(run: HandMadeRun): HandMadeRun {
  return endAll(run.begin()).add("run.finished", { state: "succeeded" });
}

/** What cannot be true of a target, or null. */
function findNonsense(target: TargetState): string | null {
  for (const step of target.steps) {
    const running = step.attempts.filter((attempt) => attempt.state === "running");
    if (running.length !== (step.state === "running" ? 1 : 0))
      return `${step.id} is ${step.state} with ${running.length} attempts running`;
    if (step.state === "running" && target.state !== "running")
      return `${step.id} runs in a target that is ${target.state}`;
    if ((step.state === "waiting") !== (step.retryAt !== null))
      return `${step.id} is ${step.state} until ${step.retryAt}`;
    if (step.attempts.some((attempt, index) => attempt.number !== index + 1))
      return `attempts of ${step.id} are not numbered`;
  }
  if ((target.endedAt !== null) !== !["queued", "running"].includes(target.state))
    return `${target.state} ended at ${target.endedAt}`;
  return null;
}
