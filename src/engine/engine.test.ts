import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { begin, execute, planOnce, planSweep, statesOf, stepOf, targetOf, Workspace } from "./engine-fixture.ts";
import { makeJob, makeStep, makeSweep } from "./plan-fixture.ts";
import { replay } from "./reduce.ts";

describe("a run", { timeout: 60_000 }, () => {
  it("executes steps one after the other, and its history gives the same state again", async () => {
    await using workspace = new Workspace();
    const script = (text: string): string => `echo ${text} | tee -a ${workspace.path("out")}`;
    const plan = planOnce([makeJob("j", [makeStep("a", script("one")), makeStep("b", script("two"))])]);
    const state = await execute(workspace.engine(), plan);
    expect(state).toMatchObject({ state: "succeeded", cause: { reason: "every target succeeded", actor: "engine" } });
    expect(workspace.read("out")).toBe("one\ntwo\n");
    const [attempt] = stepOf(state, "j", "a").attempts;
    expect(attempt).toMatchObject({ state: "succeeded", exitCode: 0, lastLine: "one", reason: "exit 0" });
    expect(workspace.read(".mahavishnu/runs", state.id, attempt?.output?.file ?? "")).toBe("one\n");
    expect(replay(await workspace.events(state.id))).toEqual(state);
    expect(await workspace.store.getRun(state.id)).toMatchObject({
      state: "succeeded",
      owner: null,
      counts: { succeeded: 1 },
    });
  });

  it("tells an observer every event once, in order, when it is durable; what the observer throws is its own affair", async () => {
    await using workspace = new Workspace();
    const told = new Map<string, string[]>();
    const early: string[] = [];
    const engine = workspace.engine({
      limits: { maxConcurrentRuns: 1 },
      observe: (state, events) => {
        told.set(state.id, [...(told.get(state.id) ?? []), ...events.map(({ type }) => type)]);
        const db = new DatabaseSync(workspace.path(".mahavishnu/state.db"), { readOnly: true });
        const { n } = db.prepare("SELECT run_seq AS n FROM run WHERE id = ?").get(state.id) as { n: number };
        db.close();
        if (n < (told.get(state.id)?.length ?? 0)) early.push(state.id);
        throw new Error("the observer is broken");
      },
    });
    const warnings: string[] = [];
    const listen = (warning: Error): void => void warnings.push(warning.message);
    process.on("warning", listen);
    const plan = planOnce([makeJob("j", [makeStep("s")])]);
    const handles = await Promise.all([1, 2, 3].map(() => begin(engine, plan)));
    for (const { runId, done } of handles) {
      expect((await done).state).toBe("succeeded");
      expect(told.get(runId)).toEqual((await workspace.events(runId)).map(({ type }) => type));
    }
    process.off("warning", listen);
    expect(early).toEqual([]);
    expect(new Set(warnings)).toEqual(new Set(["the observer is broken"]));
  });

  it("counts its targets without the steps of finally, as lists show them", async () => {
    await using workspace = new Workspace();
    const plan = planSweep([makeJob("j", [makeStep("a")])], [workspace.repository("r")], {
      last: [makeStep("last", "exit 3")],
    });
    const { id } = await execute(workspace.engine(), plan);
    const row = await workspace.store.getRun(id);
    expect(row).toMatchObject({ state: "partial", counts: { total: 1, succeeded: 1, failed: 0 } });
  });

  it("names the earlier run of a known idempotency key and begins nothing", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine();
    const plan = planOnce([makeJob("j", [makeStep("a")])]);
    const { runId, done } = await begin(engine, plan, "k");
    expect(await engine.start({ plan, actor: "x", reason: "y", idempotencyKey: "k" })).toEqual({ runId, handle: null });
    await done;
    expect(await workspace.store.listRuns({ limit: 9 })).toHaveLength(1);
  });

  it("fails a target at its first failed step, skips the rest of it with the reason, and is partial when others succeeded", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b"].map((name) => workspace.repository(name));
    const steps = [
      makeStep("test", 'test "$REPO_NAME" != a || exit 3'),
      makeStep("ship", "echo shipped"),
      makeStep("tell", "echo told", { if: "failure()" }),
    ];
    const state = await execute(workspace.engine(), planSweep([makeJob("j", steps)], repositories));
    expect(state).toMatchObject({ state: "partial", cause: { reason: "1 failed" } });
    expect(targetOf(state, "j/a")).toMatchObject({ state: "failed", cause: { reason: "test: exit 3" } });
    expect(stepOf(state, "j/a", "test").attempts).toMatchObject([{ failure: "exit", exitCode: 3 }]);
    expect(stepOf(state, "j/a", "ship")).toMatchObject({ state: "skipped", reason: "test failed", attempts: [] });
    expect(stepOf(state, "j/a", "tell").state).toBe("succeeded");
    expect(stepOf(state, "j/b", "tell")).toMatchObject({
      state: "skipped",
      reason: "its condition is false: failure()",
    });
    expect((await workspace.store.lastResults()).map(({ repository, state: last }) => `${repository} ${last}`)).toEqual(
      ["a failed", "b succeeded"],
    );
  });

  it("goes in the order of needs, and skips dependents of what failed with the reason", async () => {
    await using workspace = new Workspace();
    const repositories = ["lib", "api", "web", "free"].map((name) => workspace.repository(name));
    const script = `echo "$REPO_NAME" >> ${workspace.path("order")}; test "$REPO_NAME" != api`;
    const plan = planSweep([makeJob("j", [makeStep("s", script)])], repositories, {
      needs: { api: ["lib"], web: ["api"] },
    });
    const state = await execute(workspace.engine(), plan);
    expect(statesOf(state)).toEqual({
      "j/lib": "succeeded",
      "j/api": "failed",
      "j/web": "skipped",
      "j/free": "succeeded",
    });
    expect(targetOf(state, "j/web").cause.reason).toBe("needs api, which failed");
    const order = workspace.read("order").trim().split("\n");
    expect(order.toSorted()).toEqual(["api", "free", "lib"]);
    expect(order.indexOf("lib")).toBeLessThan(order.indexOf("api"));
  });

  it("stops or aborts a sweep as its policy says", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b", "c", "d"].map((name) => workspace.repository(name));
    const sweepWith = (onFailure: Parameters<typeof makeSweep>[0]): Promise<unknown> =>
      execute(
        workspace.engine(),
        planSweep(
          [makeJob("j", [makeStep("s", "exit 1")], { sweep: makeSweep({ maxParallel: 1, ...onFailure }) })],
          repositories,
        ),
      ).then((state) => [state.counts.failed, state.counts.skipped, targetOf(state, "j/d").cause.reason]);
    expect(await sweepWith({ onFailure: { mode: "stop" } })).toEqual([1, 3, "stopped: a failed"]);
    expect(await sweepWith({ onFailure: { mode: "continue", abortAbove: 0.25 } })).toEqual([
      2,
      2,
      "aborted: 2 of 4 failed, more than 25 %",
    ]);
  });
});
