import { describe, expect, it } from "vitest";
import type { Action } from "./contract.ts";
import { begin, lives, planOnce, planSweep, statesOf, stepOf, targetOf, until, Workspace } from "./engine-fixture.ts";
import { makeJob, makeStep, makeUse } from "./plan-fixture.ts";
import type { Plan } from "./plan.ts";
import { replay } from "./reduce.ts";
import { startEngineProcess } from "./start-engine-process.ts";
import type { RunState } from "./state.ts";

const stateOf = async (workspace: Workspace, runId: string): Promise<RunState> => replay(await workspace.events(runId));

/** Notes its pid and waits for the file `go`; the attempts are counted in the file `attempts`. */
const waitForGo = (workspace: Workspace, name = "pid"): string =>
  `echo "$MAHAVISHNU_IDEMPOTENCY_KEY" >> ${workspace.path("attempts")}; echo $$ >> ${workspace.path(name)}; until test -e ${workspace.path("go")}; do sleep 0.02; done`;

const pidsIn = (workspace: Workspace, name = "pid"): number[] =>
  workspace.read(name).split("\n").filter(Boolean).map(Number);

function planWaiting(workspace: Workspace): Plan {
  const steps = [
    makeStep("before", `echo x >> ${workspace.path("before")}`),
    makeStep("wait", waitForGo(workspace)),
    makeStep("after"),
  ];
  return planOnce([makeJob("j", steps)], [makeStep("last", `echo x >> ${workspace.path("last")}`)]);
}

describe("release", { timeout: 60_000 }, () => {
  it("ends running steps, decides nothing about them, and another engine goes on", async () => {
    await using workspace = new Workspace();
    const first = workspace.engine();
    const handle = await begin(first, planWaiting(workspace));
    await until(() => pidsIn(workspace).length === 1, "the step");
    expect(await first.release()).toEqual([handle.runId]);
    expect(pidsIn(workspace).map(lives)).toEqual([false]);
    const released = await handle.done;
    expect(released).toMatchObject({
      state: "running",
      cause: { reason: expect.stringContaining(`runs resume ${handle.runId}`) as string },
    });
    expect(stepOf(released, "j", "wait")).toMatchObject({ state: "interrupted", reason: "its process was told to go" });
    expect(await workspace.store.getRun(handle.runId)).toMatchObject({ state: "running", owner: null });
    workspace.write("go");
    const state = await (await workspace.engine().resume(handle.runId)).done;
    expect([state.state, statesOf(state)]).toEqual(["succeeded", { j: "succeeded", finally: "succeeded" }]);
    expect(stepOf(state, "j", "wait").attempts.map((attempt) => attempt.state)).toEqual(["interrupted", "succeeded"]);
    expect(workspace.read("attempts")).toBe(`${handle.runId}/j/wait\n`.repeat(2));
    expect([workspace.read("before"), workspace.read("last")]).toEqual(["x\n", "x\n"]);
    expect(replay(await workspace.events(handle.runId))).toEqual(state);
  });

  it("also while the run waits for its turn, waits to try again, or is being cancelled", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine({ limits: { maxConcurrentRuns: 2, graceMs: 100 } });
    const retrying = await begin(
      engine,
      planOnce([makeJob("j", [makeStep("s", "exit 1", { retry: { attempts: 2, firstMs: 60_000, maxMs: 60_000 } })])]),
    );
    const stubborn = `trap '' TERM; touch ${workspace.path("stubborn")}; while :; do sleep 0.02; done`;
    const cancelled = await begin(
      engine,
      planOnce([makeJob("j", [makeStep("s", stubborn)])], [makeStep("last", "sleep 300")]),
    );
    const queued = await begin(engine, planOnce([makeJob("j", [makeStep("s")])]));
    await until(() => workspace.has("stubborn") && stepOf(retrying.state, "j", "s").state === "waiting", "both runs");
    await cancelled.cancel({ actor: "local:test", reason: "stop", atOnce: false });
    expect((await engine.release()).toSorted()).toEqual(
      [retrying, cancelled, queued].map(({ runId }) => runId).toSorted(),
    );
    expect([retrying, cancelled, queued].map(({ state }) => state.state)).toEqual(["running", "cancelling", "queued"]);
    const second = workspace.engine();
    expect((await (await second.resume(queued.runId)).done).state).toBe("succeeded");
    const going = await second.resume(cancelled.runId);
    await until(() => targetOf(going.state, "finally").state === "running", "finally");
    await going.cancel({ actor: "local:test", reason: "stop", atOnce: true });
    expect((await going.done).state).toBe("cancelled");
    const waiting = await second.resume(retrying.runId);
    await until(() => targetOf(waiting.state, "j").state === "running", "the target");
    await waiting.cancel({ actor: "local:test", reason: "enough", atOnce: false });
    expect((await waiting.done).state).toBe("cancelled");
  });

  it("keeps what an action has done by then, and tells an action to end", async () => {
    await using workspace = new Workspace();
    let calls = 0;
    const action: Action = {
      name: "test/slow",
      description: "",
      inputSchema: {},
      needsRepository: false,
      run: (_, { signal }) => {
        calls += 1;
        return new Promise((resolve) => signal.addEventListener("abort", () => resolve({ done: "yes" })));
      },
    };
    const first = workspace.engine({ actions: [action] });
    const handle = await begin(
      first,
      planOnce([makeJob("j", [makeUse("u", "test/slow"), makeStep("s", "echo ${{ steps.u.outputs.done }}")])]),
    );
    await until(() => calls === 1, "the action");
    await first.release();
    const state = await (await workspace.engine({ actions: [action] }).resume(handle.runId)).done;
    expect([state.state, calls, stepOf(state, "j", "s").attempts[0]?.lastLine]).toEqual(["succeeded", 1, "yes"]);
  });
});

describe("resume and retry", { timeout: 60_000 }, () => {
  it("refuse runs that are owned, over, not over or unknown, and leave them as they are", async () => {
    await using workspace = new Workspace();
    const [first, second] = [workspace.engine(), workspace.engine()];
    const handle = await begin(first, planWaiting(workspace));
    const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
      await work.then(
        () => "done",
        (error: { code: unknown }) => error.code,
      );
    const telling = { actor: "x", reason: "y" };
    expect(await codeOf(first.resume(handle.runId))).toBe("RUN_OWNED");
    expect(await codeOf(second.resume(handle.runId))).toBe("RUN_OWNED");
    expect(await codeOf(second.retry(handle.runId, {}, telling))).toBe("RUN_OWNED");
    expect(await codeOf(second.resume("nothing000"))).toBe("RUN_NOT_FOUND");
    workspace.write("go");
    await handle.done;
    expect(await codeOf(second.resume(handle.runId))).toBe("RUN_STATE");
    expect(await codeOf(second.retry(handle.runId, {}, telling))).toBe("RUN_STATE");
    expect(await workspace.store.getRun(handle.runId)).toMatchObject({ state: "succeeded", owner: null });
  });

  it("let one of two that take a run over at the same moment win", async () => {
    await using workspace = new Workspace();
    const first = workspace.engine();
    const handle = await begin(first, planWaiting(workspace));
    await until(() => pidsIn(workspace).length === 1, "the step");
    await first.release();
    workspace.write("go");
    const [second, third] = [workspace.engine(), workspace.engine()];
    const results = await Promise.allSettled([second, second, third].map((engine) => engine.resume(handle.runId)));
    const [winner, ...others] = results.filter((result) => result.status === "fulfilled");
    expect(others).toEqual([]);
    expect((await winner?.value.done)?.state).toBe("succeeded");
    expect(workspace.read("attempts").split("\n")).toHaveLength(3);
  });

  it("hear a cancel that was asked for while nobody owned the run", async () => {
    await using workspace = new Workspace();
    const first = workspace.engine();
    const handle = await begin(first, planWaiting(workspace));
    await until(() => pidsIn(workspace).length === 1, "the step");
    await first.release();
    await workspace.store.requestCancel({
      runId: handle.runId,
      actor: "local:dana",
      reason: "not any more",
      time: 1,
      atOnce: false,
    });
    const state = await (await workspace.engine().resume(handle.runId)).done;
    expect([state.state, state.cause.reason]).toEqual(["cancelled", "not any more"]);
  });
});

describe("an owner that dies", { timeout: 60_000 }, () => {
  it("leaves processes that are ended before the new attempt begins; finished steps are not done again", async () => {
    await using workspace = new Workspace();
    await using other = await startEngineProcess(workspace);
    const children = `(setsid sh -c 'echo $$ >> ${workspace.path("children")}; exec sleep 300') & (trap '' TERM; sh -c 'echo $$ >> ${workspace.path("children")}; while :; do sleep 0.05; done') &`;
    const check = `for pid in $(cat ${workspace.path("children")}); do if kill -0 $pid 2>/dev/null && ! grep -q ') Z' /proc/$pid/stat; then echo $pid >> ${workspace.path("alive")}; fi; done;`;
    const steps = [
      makeStep("before", `echo x >> ${workspace.path("before")}`),
      makeStep("wait", `test ! -e ${workspace.path("children")} || { ${check} }; ${children} ${waitForGo(workspace)}`),
    ];
    const runId = await other.start(planOnce([makeJob("j", steps)]));
    await until(
      () => pidsIn(workspace, "children").length === 2 && pidsIn(workspace).length === 1,
      "the step's children",
    );
    const left = [...pidsIn(workspace, "children"), ...pidsIn(workspace)];
    await other.kill();
    expect(left.map(lives)).toEqual([true, true, true]);
    workspace.write("go");
    const handle = await workspace.engine({ limits: { graceMs: 200 } }).resume(runId);
    expect(left.map(lives)).toEqual([false, false, false]);
    const state = await handle.done;
    expect([state.state, workspace.read("before"), workspace.read("alive")]).toEqual(["succeeded", "x\n", ""]);
    expect(stepOf(state, "j", "wait").attempts.map((attempt) => [attempt.state, attempt.reason])).toEqual([
      ["interrupted", "the process that ran it is gone"],
      ["succeeded", "exit 0"],
    ]);
    expect(workspace.read("attempts")).toBe(`${runId}/j/wait\n`.repeat(2));
  });

  it("makes place for runs and steps of others at once", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentRuns: 1, maxConcurrentSteps: 1 };
    await using other = await startEngineProcess(workspace, limits);
    await other.start(planWaiting(workspace));
    await until(() => pidsIn(workspace).length === 1, "the step");
    const handle = await begin(workspace.engine({ limits }), planOnce([makeJob("j", [makeStep("s")])]));
    expect(handle.state.state).toBe("queued");
    await other.kill();
    expect((await handle.done).state).toBe("succeeded");
    workspace.write("go");
    await until(() => !pidsIn(workspace).some(lives), "the step that was left to end");
  });
});

describe("an owner that sleeps through its lease", { timeout: 60_000 }, () => {
  it("starts nothing when it wakes, ends its own children, and touches nothing of the new owner", async () => {
    await using workspace = new Workspace();
    const limits = { leaseMs: 300, heartbeatMs: 60, graceMs: 200 };
    await using sleeper = await startEngineProcess(workspace, limits);
    // Two targets: one whose process survives the take-over's kill only in the new owner, and one that waits for its turn.
    const runId = await sleeper.start(
      planOnce([
        makeJob("j", [
          makeStep("wait", waitForGo(workspace)),
          makeStep("after", `echo x >> ${workspace.path("after")}`),
        ]),
      ]),
    );
    await until(() => pidsIn(workspace).length === 1, "the first attempt");
    const [first] = pidsIn(workspace);
    sleeper.signal("SIGSTOP");
    const engine = workspace.engine();
    await until(
      () =>
        engine.resume(runId).then(
          () => true,
          () => false,
        ),
      "the lease to end",
    );
    await until(() => pidsIn(workspace).length === 2, "the second attempt");
    const [, second] = pidsIn(workspace);
    expect([first, second].map((pid) => lives(pid ?? 0))).toEqual([false, true]);
    const before = await workspace.events(runId);
    const ended = sleeper.done(runId);
    sleeper.signal("SIGCONT");
    expect(await ended).toBe("RUN_OWNER_STALE");
    expect(lives(second ?? 0)).toBe(true);
    expect(await workspace.events(runId)).toEqual(before);
    workspace.write("go");
    await until(async () => (await stateOf(workspace, runId)).state === "succeeded", "the run to end");
    expect([workspace.read("after"), pidsIn(workspace).length]).toEqual(["x\n", 2]);
  });

  it("notices at once that it was taken over, also while nothing of it writes", async () => {
    await using workspace = new Workspace();
    const limits = { leaseMs: 300, heartbeatMs: 60, graceMs: 200 };
    await using sleeper = await startEngineProcess(workspace, limits);
    const runId = await sleeper.start(
      planOnce([makeJob("j", [makeStep("s", "exit 1", { retry: { attempts: 2, firstMs: 600_000, maxMs: 600_000 } })])]),
    );
    await until(
      async () => (await stateOf(workspace, runId)).targets.get("j")?.steps[0]?.state === "waiting",
      "the step to wait",
    );
    sleeper.signal("SIGSTOP");
    const engine = workspace.engine();
    await until(
      () =>
        engine.resume(runId).then(
          () => true,
          () => false,
        ),
      "the lease to end",
    );
    const ended = sleeper.done(runId);
    sleeper.signal("SIGCONT");
    expect(await ended).toBe("RUN_OWNER_STALE");
    await engine.release();
  });
});

describe("two processes on one workspace", { timeout: 60_000 }, () => {
  it("keep the limits of runs and steps together, and the order of runs", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentRuns: 2, maxConcurrentSteps: 3 };
    await using other = await startEngineProcess(workspace, limits);
    const mine = workspace.engine({ limits });
    const repositories = ["a", "b", "c"].map((name) => workspace.repository(name));
    const script = `echo "+ $MAHAVISHNU_RUN_ID" >> ${workspace.path("log")}; sleep 0.05; echo "- $MAHAVISHNU_RUN_ID" >> ${workspace.path("log")}`;
    const plan = planSweep([makeJob("j", [makeStep("s", script)])], repositories);
    const order: string[] = [];
    const ends: Promise<unknown>[] = [];
    for (let n = 0; n < 4; n += 1) {
      const handle = await begin(mine, plan);
      const theirs = await other.start(plan);
      order.push(handle.runId, theirs);
      ends.push(
        handle.done.then(({ state }) => state),
        other.done(theirs),
      );
    }
    expect(await Promise.all(ends)).toEqual(Array(8).fill("succeeded"));
    let [running, most] = [0, 0];
    const runs = new Map<string, number>();
    let mostRuns = 0;
    const begun: string[] = [];
    for (const line of workspace.read("log").trim().split("\n")) {
      const [sign, runId = ""] = line.split(" ");
      if (!begun.includes(runId)) begun.push(runId);
      const change = sign === "+" ? 1 : -1;
      running += change;
      runs.set(runId, (runs.get(runId) ?? 0) + change);
      most = Math.max(most, running);
      mostRuns = Math.max(mostRuns, [...runs.values()].filter((count) => count > 0).length);
    }
    expect(most).toBeLessThanOrEqual(3);
    expect(mostRuns).toBeLessThanOrEqual(2);
    const startedIn = async (runId: string): Promise<number> =>
      (await workspace.events(runId)).find(({ type }) => type === "run.started")?.seq ?? 0;
    const seqs = await Promise.all(order.map(startedIn));
    expect(seqs).toEqual(seqs.toSorted((a, b) => a - b));
    expect(begun.toSorted()).toEqual(order.toSorted());
  });

  it("hear a cancel that the other asked for", async () => {
    await using workspace = new Workspace();
    await using other = await startEngineProcess(workspace);
    const runId = await other.start(planWaiting(workspace));
    await until(() => pidsIn(workspace).length === 1, "the step");
    await workspace.store.requestCancel({ runId, actor: "local:dana", reason: "from afar", time: 1, atOnce: false });
    expect(await other.done(runId)).toBe("cancelled");
    const state = await stateOf(workspace, runId);
    expect(state.cause.reason).toBe("from afar");
    expect((await workspace.events(runId)).find(({ type }) => type === "run.cancelling")).toMatchObject({
      actor: "local:dana",
    });
    expect(pidsIn(workspace).map(lives)).toEqual([false]);
  });

  it("give slots back that the other wants, and when nothing goes on any more", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentSteps: 2 };
    await using other = await startEngineProcess(workspace, limits);
    const mine = workspace.engine({ limits });
    const quick = planOnce([makeJob("j", [makeStep("s")])]);
    expect((await (await begin(mine, quick)).done).state).toBe("succeeded");
    // This process is idle now, its engine still open: the other must get all slots.
    const both = planOnce([
      makeJob("a", [makeStep("s", waitForGo(workspace))]),
      makeJob("b", [makeStep("s", waitForGo(workspace))]),
    ]);
    const runId = await other.start(both);
    await until(() => pidsIn(workspace).length === 2, "both steps");
    const handle = await begin(mine, quick);
    workspace.write("go");
    expect([(await handle.done).state, await other.done(runId)]).toEqual(["succeeded", "succeeded"]);
  });
});
