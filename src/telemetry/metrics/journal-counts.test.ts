import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { JournalFact } from "../../store/projection-contract.ts";
import { JournalCounts, maxWorkflows } from "./journal-counts.ts";
import { renderExposition } from "./render-exposition.ts";

type Given = Partial<Omit<JournalFact, "type">> & Pick<JournalFact, "type">;

const fact = (given: Given): JournalFact => ({
  seq: 1,
  runId: "r1",
  workflow: "w",
  createdAt: 1_000,
  time: 1_000,
  state: null,
  failure: null,
  ...given,
});

const count = (facts: readonly Given[], counts = new JournalCounts()): JournalCounts => {
  for (const each of facts) counts.apply(fact(each));
  return counts;
};

/** The lines of a metric that are not 0, without its name. */
const linesOf = (counts: JournalCounts, name: string): string[] =>
  renderExposition(counts.families(), "text")
    .split("\n")
    .filter((line) => line.startsWith(name) && !line.endsWith(" 0"))
    .map((line) => line.slice(name.length));

describe("JournalCounts", () => {
  it("counts a run with what became of its targets and attempts", () => {
    const counts = count([
      { type: "run.started", time: 3_000 },
      { type: "step.finished", state: "failed", failure: "exit" },
      { type: "step.finished", state: "failed", failure: "timeout" },
      { type: "step.finished", state: "failed", failure: "infrastructure" },
      { type: "step.finished", state: "cancelled" },
      { type: "step.interrupted" },
      { type: "step.finished", state: "succeeded" },
      { type: "target.finished", state: "succeeded" },
      { type: "target.finished", state: "failed" },
      { type: "target.finished", state: "cancelled" },
      { type: "target.skipped" },
      { type: "target.skipped" },
      { type: "run.finished", time: 10_000, state: "partial" },
    ]);
    expect(linesOf(counts, "mahavishnu_runs_")).toEqual([
      'started_total{workflow="w"} 1',
      'finished_total{workflow="w",state="partial"} 1',
    ]);
    expect(linesOf(counts, "mahavishnu_targets_finished_total")).toEqual([
      '{state="succeeded"} 1',
      '{state="failed"} 1',
      '{state="cancelled"} 1',
      '{state="skipped"} 2',
    ]);
    expect(linesOf(counts, "mahavishnu_step_attempts_total")).toEqual([
      '{result="succeeded"} 1',
      '{result="failed"} 1',
      '{result="timeout"} 1',
      '{result="infrastructure"} 1',
      '{result="cancelled"} 1',
      '{result="interrupted"} 1',
    ]);
    expect(linesOf(counts, "mahavishnu_run_duration_seconds_sum")).toEqual(['{workflow="w"} 7']);
    expect(linesOf(counts, "mahavishnu_queue_wait_seconds_sum")).toEqual([" 2"]);
    expect(linesOf(counts, "mahavishnu_queue_wait_seconds_bucket")[0]).toBe('{le="5"} 1');
    expect(counts.openRuns).toEqual([]);
  });

  it("counts a run that was taken over and waited once more as begun once", () => {
    const counts = count([
      { type: "run.started", time: 2_000 },
      { type: "run.started", time: 5_000 },
      { type: "run.finished", time: 7_000, state: "succeeded" },
    ]);
    expect(linesOf(counts, "mahavishnu_runs_started_total")).toEqual(['{workflow="w"} 1']);
    expect(linesOf(counts, "mahavishnu_run_duration_seconds_sum")).toEqual(['{workflow="w"} 5']);
    expect(linesOf(counts, "mahavishnu_queue_wait_seconds_count")).toEqual([" 1"]);
  });

  it("counts a run that is tried again from then on, not from its first day", () => {
    const counts = count([
      { type: "run.started", time: 1_000 },
      { type: "run.finished", time: 2_000, state: "failed" },
      { type: "run.retried", time: 900_000_000 },
      { type: "run.started", time: 900_003_000 },
      { type: "run.finished", time: 900_007_000, state: "succeeded" },
    ]);
    expect(linesOf(counts, "mahavishnu_runs_started_total")).toEqual(['{workflow="w"} 2']);
    expect(linesOf(counts, "mahavishnu_run_duration_seconds_sum")).toEqual(['{workflow="w"} 5']);
    expect(linesOf(counts, "mahavishnu_queue_wait_seconds_sum")).toEqual([" 3"]);
  });

  it("has no duration of a run that never began", () => {
    const counts = count([{ type: "run.finished", state: "cancelled" }]);
    expect(linesOf(counts, "mahavishnu_runs_")).toEqual(['finished_total{workflow="w",state="cancelled"} 1']);
    expect(linesOf(counts, "mahavishnu_run_duration_seconds_count")).toEqual([]);
  });

  it("takes a clock that was set back for no time", () => {
    const counts = count([
      { type: "run.started", time: 500 },
      { type: "run.finished", time: 100, state: "succeeded" },
    ]);
    expect(linesOf(counts, "mahavishnu_run_duration_seconds_count")).toEqual(['{workflow="w"} 1']);
    expect(linesOf(counts, "mahavishnu_run_duration_seconds_sum")).toEqual([]);
  });

  it("calls the workflows beyond the limit other, together with one that is called so", () => {
    const named = (index: number): Given => ({ type: "run.started", runId: `r${index}`, workflow: `w${index}` });
    const counts = count(Array.from({ length: maxWorkflows + 50 }, (_, index) => named(index)));
    count([{ type: "run.started", runId: "x", workflow: "other" }, named(0)], counts);
    const lines = linesOf(counts, "mahavishnu_runs_started_total");
    expect(lines).toHaveLength(maxWorkflows + 1);
    expect(lines).toContain('{workflow="other"} 51');
    const known = count([{ type: "run.started", runId: "x", workflow: "other" }]);
    count(
      Array.from({ length: maxWorkflows }, (_, index) => named(index)),
      known,
    );
    expect(linesOf(known, "mahavishnu_runs_started_total")).toContain('{workflow="other"} 1');
    expect(linesOf(known, "mahavishnu_runs_started_total")).toHaveLength(maxWorkflows + 1);
  });

  it("takes any name for a name", () => {
    const names = ["__proto__", "constructor", "toString"];
    const counts = count(names.map((workflow) => ({ type: "run.started", runId: workflow, workflow })));
    const again = JournalCounts.fromSnapshot(counts.snapshot());
    expect(again?.families()).toEqual(counts.families());
    expect(again?.openRuns.toSorted()).toEqual(names.toSorted());
    expect(linesOf(counts, "mahavishnu_runs_started_total")).toHaveLength(3);
  });

  it("reads no snapshot of another form", () => {
    expect(JournalCounts.fromSnapshot("{}")).toBeNull();
    expect(JournalCounts.fromSnapshot('{"v":2}')).toBeNull();
    expect(JournalCounts.fromSnapshot("half of i")).toBeNull();
  });

  it("counts the same with any breaks on the way", () => {
    const type = fc.constantFrom(
      "run.started",
      "run.retried",
      "run.finished",
      "target.finished",
      "target.skipped",
      "step.finished",
      "step.interrupted",
    );
    const given = fc.record({
      type,
      runId: fc.constantFrom("a", "b", "c"),
      workflow: fc.constantFrom("v", "w", "other"),
      time: fc.integer({ min: 0, max: 10_000_000 }),
      state: fc.constantFrom("succeeded", "failed", "cancelled", "partial", null),
      failure: fc.constantFrom("exit", "timeout", "infrastructure", null),
      isBreak: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(given, { maxLength: 60 }), (facts) => {
        const whole = count(facts);
        let broken = new JournalCounts();
        for (const { isBreak, ...each } of facts) {
          broken.apply(fact(each));
          if (isBreak) broken = JournalCounts.fromSnapshot(broken.snapshot()) as JournalCounts;
        }
        expect(broken.snapshot()).toBe(whole.snapshot());
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) },
    );
  });
});
