import { describe, expect, it } from "vitest";
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
import { chooseRetries, type RetryChoice } from "./retry-run.ts";

/** Repository a succeeded, b failed at `test`, and c was skipped because of b; `ship` works in the same trees. */
function makeRun(checkout: "worktree" | "inPlace" = "worktree"): HandMadeRun {
  const edit = makeJob("edit", [makeStep("build"), makeStep("test")], { sweep: makeSweep(), checkout });
  const ship = makeJob("ship", [makeStep("push")], { sweep: makeSweep(), checkout });
  const names = ["a", "b", "c"];
  const plan = makePlanOf(
    makeWorkflow([edit, ship], [makeStep("report"), makeStep("mail")]),
    [...names.map((name) => planTarget("edit", name)), planTarget("ship", "a"), planTarget("ship", "b")],
    names.map((name) => pinRepository(name)),
  );
  const run = new HandMadeRun(plan).begin("edit/a", "edit/b");
  run.step("edit/a", "build", "succeeded").step("edit/a", "test", "succeeded").end("edit/a", "succeeded");
  run.step("edit/b", "build", "succeeded").step("edit/b", "test", "failed").end("edit/b", "failed");
  run.skip("edit/c", "dependency").skip("ship/b", "dependency");
  run.add("target.started", { target: "ship/a" }).step("ship/a", "push", "succeeded").end("ship/a", "succeeded");
  run
    .add("target.started", { target: "finally" })
    .step("finally", "report", "succeeded")
    .step("finally", "mail", "failed");
  return run.end("finally", "failed").add("run.finished", { state: "partial" });
}

const choose = (choice: RetryChoice, run = makeRun()): readonly string[] =>
  chooseRetries(run.state, choice).map(({ key, fromStep }) => `${key} ${fromStep ?? "-"}`);

describe("chooseRetries", () => {
  it("takes what did not succeed from where it failed, and all of finally", () => {
    expect(choose({})).toEqual(["edit/b -", "edit/c -", "ship/b -", "finally report"]);
  });

  it("takes of named repositories what did not succeed", () => {
    expect(choose({ repositories: ["c"] })).toEqual(["edit/c -", "finally report"]);
    expect(() => choose({ repositories: ["a"] })).toThrow("nothing of run run0000000 is left to do again");
  });

  it("begins named repositories at a named step, also where it has succeeded", () => {
    expect(choose({ repositories: ["a"], fromStep: "test" })).toEqual(["edit/a test", "finally report"]);
    expect(choose({ repositories: ["b"], fromStep: "test" })).toEqual(["edit/b test", "ship/b -", "finally report"]);
  });

  it("never begins behind a step that is not done", () => {
    expect(choose({ repositories: ["c"], fromStep: "test" })).toEqual(["edit/c -", "finally report"]);
  });

  it("takes all that works in a tree that is made anew", () => {
    expect(choose({ repositories: ["a"], fromStep: "build" })).toEqual([
      "edit/a build",
      "ship/a push",
      "finally report",
    ]);
    expect(choose({ repositories: ["a"], fromStep: "build" }, makeRun("inPlace"))).toEqual([
      "edit/a build",
      "finally report",
    ]);
  });

  it("does finally again when nothing but it went wrong", () => {
    const plan = makePlanOf(makeWorkflow([makeJob("j", [makeStep("s")])], [makeStep("report")]), [
      planTarget("j", null),
    ]);
    const run = new HandMadeRun(plan).begin("j").step("j", "s", "succeeded").end("j", "succeeded");
    run.add("target.started", { target: "finally" }).step("finally", "report", "failed").end("finally", "failed");
    expect(choose({}, run.add("run.finished", { state: "partial" }))).toEqual(["finally report"]);
  });

  it("refuses a run that is not over, unknown names, and a run of which nothing is left", () => {
    expect(() => choose({}, new HandMadeRun(makeRun().state.plan))).toThrow("is not over");
    expect(() => choose({ repositories: ["bb"] })).toThrow('no repository "bb"');
    expect(() => choose({ fromStep: "tset" })).toThrow('no step "tset"');
    const plan = makePlanOf(makeWorkflow([makeJob("j", [makeStep("s")])]), [planTarget("j", null)]);
    const run = new HandMadeRun(plan).begin("j").step("j", "s", "succeeded").end("j", "succeeded");
    expect(() => choose({}, run.add("run.finished", { state: "succeeded" }))).toThrow("nothing of run");
  });
});
