import { describe, expect, it } from "vitest";
import { judgeRun } from "./outcome.ts";
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
import type { Plan } from "./plan.ts";

type End = "succeeded" | "failed" | "cancelled" | "condition" | "dependency" | "policy";

/** Job `j` sweeps a, b and the optional o; job `k` runs once; job `x` is optional. */
function planOf(keys: readonly string[], withFinally: boolean): Plan {
  const jobs = [
    makeJob("j", [makeStep("s")], { sweep: makeSweep() }),
    makeJob("k", [makeStep("s")]),
    makeJob("x", [makeStep("s")], { optional: true }),
  ];
  const targets = keys
    .filter((key) => key !== "finally")
    .map((key) => planTarget(key.split("/")[0] ?? "", key.split("/")[1] ?? null));
  const repositories = [pinRepository("a"), pinRepository("b"), pinRepository("o", { optional: true })];
  return makePlanOf(makeWorkflow(jobs, withFinally ? [makeStep("s")] : []), targets, repositories);
}

function judge(ends: Readonly<Record<string, End>>, cancelled = false): ReturnType<typeof judgeRun> {
  const run = new HandMadeRun(planOf(Object.keys(ends), "finally" in ends)).begin();
  for (const [key, end] of Object.entries(ends)) {
    if (end === "condition" || end === "dependency" || end === "policy") run.skip(key, end);
    else {
      run.add("target.started", { target: key });
      if (end === "succeeded") run.step(key, "s", "succeeded");
      run.end(key, end);
    }
  }
  if (cancelled) run.add("run.cancelling", { atOnce: false }, "wrong branch");
  return judgeRun(run.state);
}

describe("judgeRun", () => {
  it.each<[string, string, Readonly<Record<string, End>>]>([
    ["succeeded", "every target succeeded", { "j/a": "succeeded", "j/b": "succeeded", k: "succeeded" }],
    ["succeeded", "every target succeeded", { "j/a": "condition", "j/b": "succeeded" }],
    ["succeeded", "every target succeeded", { "j/a": "condition", "j/b": "condition" }],
    ["succeeded", "no repository was selected", {}],
    ["succeeded", "every target that counts succeeded; 1 optional did not", { "j/a": "succeeded", "j/o": "failed" }],
    ["succeeded", "every target that counts succeeded; 1 optional did not", { "j/a": "succeeded", x: "failed" }],
    ["succeeded", "every target that counts succeeded; 1 optional did not", { "j/o": "failed" }],
    ["partial", "1 failed", { "j/a": "failed", "j/b": "succeeded" }],
    ["partial", "1 failed, 1 not done", { "j/a": "failed", "j/b": "dependency", "j/o": "succeeded", k: "succeeded" }],
    ["partial", "1 not done", { "j/a": "policy", "j/b": "succeeded" }],
    ["partial", "a step of finally failed", { "j/a": "succeeded", finally: "failed" }],
    ["partial", "1 failed", { "j/a": "failed", "j/b": "succeeded", finally: "failed" }],
    ["failed", "no target succeeded", { "j/a": "failed", "j/b": "dependency" }],
    ["failed", "no target succeeded", { "j/a": "failed", finally: "succeeded" }],
    ["failed", "no target of job k succeeded", { "j/a": "succeeded", "j/b": "succeeded", k: "failed" }],
    ["failed", "no target of job j succeeded", { "j/a": "failed", "j/b": "failed", k: "succeeded" }],
    ["partial", "2 failed", { "j/a": "failed", "j/b": "failed", "j/o": "succeeded" }],
    ["partial", "1 failed", { "j/a": "failed", "j/b": "condition" }],
  ])("is %s (%s) for %j", (state, reason, ends) => {
    expect(judge(ends)).toEqual({ state, reason });
  });

  it("is cancelled, with the wish's reason, whatever else happened", () => {
    expect(judge({ "j/a": "succeeded" }, true)).toEqual({ state: "cancelled", reason: "wrong branch" });
    expect(judge({ "j/a": "failed", "j/b": "cancelled" }, true)).toMatchObject({ state: "cancelled" });
  });
});
