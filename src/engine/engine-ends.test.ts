import { describe, expect, it } from "vitest";
import type { Action } from "./contract.ts";
import {
  begin,
  execute,
  lives,
  planOnce,
  planSweep,
  statesOf,
  stepOf,
  targetOf,
  until,
  Workspace,
} from "./engine-fixture.ts";
import { makeJob, makeStep, makeUse } from "./plan-fixture.ts";
import { replay } from "./reduce.ts";

/** Fails twice, then passes; counts its attempts in a file. */
const flaky = (file: string): string => `echo x >> ${file}; test $(wc -l < ${file}) -ge 3`;

/** Starts children that do not want to end, notes their pids, and waits for ever. */
const tree = (folder: string): string => `
  (trap '' TERM; sh -c 'echo $$ > ${folder}/stubborn; while :; do sleep 0.05; done') &
  setsid sh -c 'echo $$ > ${folder}/escaped; exec sleep 300' &
  sh -c 'echo $$ > ${folder}/child; exec sleep 300' &
  echo waiting
  wait`;

const treePids = (workspace: Workspace): number[] =>
  ["stubborn", "escaped", "child"].map((name) => Number(workspace.read(name).trim()));

async function untilTreeRuns(workspace: Workspace): Promise<number[]> {
  await until(() => treePids(workspace).every((pid) => pid > 0), "the step's children");
  return treePids(workspace);
}

describe("retries", { timeout: 60_000 }, () => {
  it("try again with growing waits until it passes, all attempts in the history under one idempotency key", async () => {
    await using workspace = new Workspace();
    const file = workspace.path("attempts");
    const script = `echo "$MAHAVISHNU_IDEMPOTENCY_KEY" >> ${workspace.path("keys")}; ${flaky(file)}`;
    const step = makeStep("s", script, { retry: { attempts: 4, firstMs: 40, backoff: "exponential", maxMs: 60 } });
    const state = await execute(workspace.engine({ random: () => 0 }), planOnce([makeJob("j", [step])]));
    const { attempts, reason } = stepOf(state, "j", "s");
    expect(attempts.map((attempt) => attempt.state)).toEqual(["failed", "failed", "succeeded"]);
    expect(attempts.map((attempt) => attempt.reason)).toEqual([
      "exit 1; attempt 2 of 4 in 40ms",
      "exit 1; attempt 3 of 4 in 60ms",
      "exit 0",
    ]);
    expect(reason).toBe("exit 0");
    const waits = [1, 2].map((n) => (attempts[n]?.startedAt ?? 0) - (attempts[n - 1]?.endedAt ?? 0));
    expect(waits[0]).toBeGreaterThanOrEqual(40);
    expect(waits[1]).toBeGreaterThanOrEqual(60);
    expect(workspace.read("keys")).toBe(`${state.id}/j/s\n`.repeat(3));
    expect(attempts.map((attempt) => attempt.output?.file ?? null)).toEqual([null, null, null]);
  });

  it("leave what is not named alone: a command that says no is not asked again without a rule", async () => {
    await using workspace = new Workspace();
    const limits = { retry: { attempts: 3, backoff: "fixed", firstMs: 1, maxMs: 1 } } as const;
    const jobs = [
      makeJob("j", [makeStep("no", "exit 1", { continueOnError: true }), makeStep("killed", "kill -KILL $$")]),
    ];
    const state = await execute(workspace.engine({ limits }), planOnce(jobs));
    expect(stepOf(state, "j", "no").attempts).toHaveLength(1);
    expect(stepOf(state, "j", "killed").attempts.map((attempt) => attempt.failure)).toEqual(
      Array(3).fill("infrastructure"),
    );
    expect(stepOf(state, "j", "killed").reason).toBe("killed was ended by SIGKILL from outside");
  });

  it("hold no slot while they wait", async () => {
    await using workspace = new Workspace();
    const step = makeStep("s", flaky(workspace.path("attempts")), {
      retry: { attempts: 3, firstMs: 60_000, maxMs: 60_000 },
    });
    const jobs = [makeJob("slow", [step]), makeJob("quick", [makeStep("s")])];
    const handle = await begin(workspace.engine({ limits: { maxConcurrentSteps: 1 } }), planOnce(jobs));
    await until(() => targetOf(handle.state, "quick").state === "succeeded", "the other job");
    expect(stepOf(handle.state, "slow", "s").state).toBe("waiting");
    await handle.cancel({ actor: "local:test", reason: "enough", atOnce: false });
    const state = await handle.done;
    expect(stepOf(state, "slow", "s")).toMatchObject({ state: "failed", retryAt: null });
  });
});

describe("time-outs", { timeout: 60_000 }, () => {
  it("of a step end its whole tree; it may be tried again", async () => {
    await using workspace = new Workspace();
    const step = makeStep("s", tree(workspace.folder), { timeoutMs: 400 });
    const handle = await begin(workspace.engine({ limits: { graceMs: 100 } }), planOnce([makeJob("j", [step])]));
    const pids = await untilTreeRuns(workspace);
    expect(pids.map(lives)).toEqual([true, true, true]);
    const state = await handle.done;
    expect(pids.map(lives)).toEqual([false, false, false]);
    expect(stepOf(state, "j", "s")).toMatchObject({
      state: "failed",
      reason: "timed out after 400ms",
      attempts: [{ failure: "timeout" }],
    });
    const file = stepOf(state, "j", "s").attempts[0]?.output?.file ?? "";
    expect(workspace.read(".mahavishnu/runs", state.id, file)).toContain("waiting\n");
    expect(workspace.read(".mahavishnu/runs", state.id, file)).toContain("[timed out after 400ms]\n");
  });

  it("of a target end its step and skip nothing silently", async () => {
    await using workspace = new Workspace();
    const steps = [makeStep("first"), makeStep("slow", "sleep 300"), makeStep("never")];
    const plan = planOnce([makeJob("j", steps)]);
    const [target] = plan.targets;
    const state = await execute(workspace.engine(), {
      ...plan,
      targets: target === undefined ? [] : [{ ...target, timeoutMs: 300 }],
    });
    expect(targetOf(state, "j")).toMatchObject({ state: "failed", cause: { reason: "timed out after 300ms" } });
    expect(targetOf(state, "j").steps.map((step) => step.state)).toEqual(["succeeded", "failed", "pending"]);
  });

  it("of a target do not count the time in which it waits for a slot", async () => {
    await using workspace = new Workspace();
    const plan = planOnce([makeJob("long", [makeStep("s", "sleep 0.6")]), makeJob("short", [makeStep("s")])]);
    const targets = plan.targets.map((target) => ({ ...target, timeoutMs: target.key === "short" ? 300 : 60_000 }));
    const state = await execute(workspace.engine({ limits: { maxConcurrentSteps: 1 } }), { ...plan, targets });
    expect(statesOf(state)).toEqual({ long: "succeeded", short: "succeeded" });
    expect((targetOf(state, "short").startedAt ?? 0) - (targetOf(state, "long").endedAt ?? 0)).toBeGreaterThanOrEqual(
      0,
    );
  });

  it("of a run end what runs, skip what waits, and still run finally", async () => {
    await using workspace = new Workspace();
    const jobs = [makeJob("slow", [makeStep("s", "sleep 300")]), makeJob("next", [makeStep("s")], { needs: ["slow"] })];
    const last = [makeStep("tell", `echo "\${{ needs.slow.result }}" > ${workspace.path("told")}`)];
    const state = await execute(workspace.engine(), planOnce(jobs, last, { runTimeoutMs: 300 }));
    expect(state).toMatchObject({ state: "failed", cause: { reason: "no target succeeded" } });
    expect(statesOf(state)).toEqual({ slow: "failed", next: "skipped", finally: "succeeded" });
    expect(targetOf(state, "next")).toMatchObject({
      skipped: "policy",
      cause: { reason: "the run timed out after 300ms" },
    });
    expect(workspace.read("told")).toBe("failure\n");
  });

  it("end an action that heeds its signal at once, and leave one that does not after the grace", async () => {
    await using workspace = new Workspace();
    const late = Promise.withResolvers<Record<string, string>>();
    const make = (name: string, run: Action["run"]): Action => ({
      name,
      description: "",
      inputSchema: {},
      needsRepository: false,
      run,
    });
    const actions = [
      make(
        "test/heeds",
        (_, { signal }) =>
          new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(new Error("stopped")))),
      ),
      make("test/deaf", (_, { log }) => late.promise.finally(() => log("too late"))),
    ];
    const steps = ["test/heeds", "test/deaf"].map((uses, n) =>
      makeUse(`s${n}`, uses, {}, { timeoutMs: 50, continueOnError: true }),
    );
    const state = await execute(
      workspace.engine({ actions, limits: { graceMs: 50 } }),
      planOnce([makeJob("j", steps)]),
    );
    expect(targetOf(state, "j").steps.map(({ reason }) => reason)).toEqual(Array(2).fill("timed out after 50ms"));
    late.resolve({ x: "late" });
    await late.promise;
    expect(replay(await workspace.events(state.id))).toEqual(state);
  });
});

describe("cancel", { timeout: 60_000 }, () => {
  it("ends running steps with their trees, cancels what waits, runs finally, and tells who and why", async () => {
    await using workspace = new Workspace();
    const jobs = [
      makeJob("slow", [makeStep("s", tree(workspace.folder)), makeStep("after")]),
      makeJob("next", [makeStep("s")], { needs: ["slow"] }),
    ];
    const last = [
      makeStep("tell", `echo done > ${workspace.path("told")}`),
      makeStep("asked", "true", { if: "cancelled()" }),
    ];
    const handle = await begin(workspace.engine({ limits: { graceMs: 100 } }), planOnce(jobs, last));
    const pids = await untilTreeRuns(workspace);
    await handle.cancel({ actor: "local:dana", reason: "wrong branch", atOnce: false });
    expect(replay(await workspace.events(handle.runId)).state).toBe("cancelling");
    const state = await handle.done;
    expect(state).toMatchObject({ state: "cancelled", cause: { reason: "wrong branch" } });
    expect(statesOf(state)).toEqual({ slow: "cancelled", next: "cancelled", finally: "succeeded" });
    expect(targetOf(state, "next").cause).toMatchObject({ reason: "wrong branch", actor: "local:dana" });
    expect(stepOf(state, "finally", "asked").state).toBe("succeeded");
    expect(pids.map(lives)).toEqual([false, false, false]);
    expect(workspace.read("told")).toBe("done\n");
  });

  it("cancels a run that waits for its turn, which has done nothing then", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine({ limits: { maxConcurrentRuns: 1 } });
    const first = await begin(
      engine,
      planOnce([makeJob("j", [makeStep("s", `until test -e ${workspace.path("go")}; do sleep 0.02; done`)])]),
    );
    const plan = planOnce([makeJob("j", [makeStep("s")])], [makeStep("last")]);
    const [second, third] = [await begin(engine, plan), await begin(engine, plan)];
    expect([second.state.state, third.state.state]).toEqual(["queued", "queued"]);
    await second.cancel({ actor: "local:test", reason: "not needed", atOnce: false });
    expect(statesOf(await second.done)).toEqual({ j: "cancelled", finally: "cancelled" });
    expect(targetOf(second.state, "finally").cause.reason).toBe("the run never began");
    workspace.write("go");
    expect([(await first.done).state, (await third.done).state]).toEqual(["succeeded", "succeeded"]);
  });

  it("twice kills at once, and ends finally too", async () => {
    await using workspace = new Workspace();
    const stubborn = (name: string): string =>
      `trap '' TERM; touch ${workspace.path(name)}; while :; do sleep 0.02; done`;
    const plan = planOnce(
      [makeJob("j", [makeStep("s", stubborn("one"))])],
      [makeStep("last", stubborn("two")), makeStep("never")],
    );
    const handle = await begin(workspace.engine({ limits: { graceMs: 60_000 } }), plan);
    const wish = { actor: "local:test", reason: "stop" };
    await until(() => workspace.has("one"), "the step");
    await handle.cancel({ ...wish, atOnce: false });
    await handle.cancel({ ...wish, atOnce: true });
    const state = await handle.done;
    expect(statesOf(state)).toEqual({ j: "cancelled", finally: "cancelled" });
    expect(workspace.has("two")).toBe(false);
  });

  it("leaves finally time to end, until somebody hurries", async () => {
    await using workspace = new Workspace();
    const last = [
      makeStep("last", `touch ${workspace.path("last")}; until test -e ${workspace.path("go")}; do sleep 0.02; done`),
    ];
    const plan = planOnce([makeJob("j", [makeStep("s")])], last);
    const wish = { actor: "local:test", reason: "stop" };
    const handle = await begin(workspace.engine(), plan);
    await until(() => workspace.has("last"), "finally");
    await handle.cancel({ ...wish, atOnce: false });
    workspace.write("go");
    expect(statesOf(await handle.done)).toEqual({ j: "succeeded", finally: "succeeded" });
    expect(handle.state.state).toBe("cancelled");
    workspace.remove("go", "last");
    const hurried = await begin(workspace.engine(), plan);
    await until(() => workspace.has("last"), "finally again");
    await hurried.cancel({ ...wish, atOnce: true });
    expect(statesOf(await hurried.done)).toEqual({ j: "succeeded", finally: "cancelled" });
  });

  it("comes too late for a run that is over", async () => {
    await using workspace = new Workspace();
    const handle = await begin(workspace.engine(), planOnce([makeJob("j", [makeStep("s")])]));
    await handle.done;
    await expect(handle.cancel({ actor: "x", reason: "y", atOnce: false })).rejects.toMatchObject({
      code: "RUN_STATE",
    });
    expect((await workspace.store.getRun(handle.runId))?.state).toBe("succeeded");
  });

  it("is safe at every moment of a run", async () => {
    await using workspace = new Workspace();
    const repositories = ["a", "b"].map((name) => workspace.repository(name));
    const engine = workspace.engine({ limits: { maxConcurrentRuns: 2, graceMs: 100 } });
    const steps = [
      makeStep("s", "sleep 0.02"),
      makeUse("u", "test/none", {}, { continueOnError: true }),
      makeStep("t", "exit 1", { retry: { attempts: 2, firstMs: 20 } }),
    ];
    const plan = planSweep([makeJob("j", steps, { checkout: "worktree" })], repositories, { last: [makeStep("last")] });
    const states = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const handle = await begin(engine, plan);
        await new Promise((resolve) => setTimeout(resolve, n * 25));
        await handle.cancel({ actor: "local:test", reason: "stop", atOnce: n % 3 === 0 }).catch(() => undefined);
        const state = await handle.done;
        expect(replay(await workspace.events(state.id))).toEqual(state);
        return state.state;
      }),
    );
    expect(states).toContain("cancelled");
  });
});

describe("finally", { timeout: 60_000 }, () => {
  it("runs whatever the outcome, sees it, and makes a success partial when it fails", async () => {
    await using workspace = new Workspace();
    const last = (script: string): Parameters<typeof planOnce>[1] => [
      makeStep("last", script),
      makeStep("onlyBad", "true", { if: "failure()" }),
    ];
    const good = await execute(workspace.engine(), planOnce([makeJob("j", [makeStep("s")])], last("exit 1")));
    expect([good.state, good.cause.reason, statesOf(good)]).toEqual([
      "partial",
      "a step of finally failed",
      { j: "succeeded", finally: "failed" },
    ]);
    expect(stepOf(good, "finally", "onlyBad").state).toBe("skipped");
    const bad = await execute(
      workspace.engine(),
      planOnce([makeJob("j", [makeStep("s", "exit 1")])], last("echo ${{ needs.j.result }}")),
    );
    expect([
      bad.state,
      stepOf(bad, "finally", "onlyBad").state,
      stepOf(bad, "finally", "last").attempts[0]?.lastLine,
    ]).toEqual(["failed", "succeeded", "failure"]);
  });
});
