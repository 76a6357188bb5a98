import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { type FixtureOptions, planOnce, planSweep, stepOf, until, Workspace } from "../engine/engine-fixture.ts";
import { makeJob, makeStep } from "../engine/plan-fixture.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { Plan } from "../engine/plan.ts";
import { recordRun } from "../engine/record-run.ts";
import { replay } from "../engine/reduce.ts";
import type { RunState } from "../engine/state.ts";
import { type DispatchEvent, startDispatcher } from "./dispatcher.ts";
import { startDispatcherProcess } from "./start-dispatcher-process.ts";

const request = { actor: "local:test", reason: "a test" };

async function record(workspace: Workspace, plan: Plan): Promise<string> {
  return (await recordRun(workspace.store, { plan, ...request })).runId;
}

async function stateOf(workspace: Workspace, runId: string): Promise<RunState> {
  return replay(await workspace.events(runId));
}

async function untilOver(workspace: Workspace, runId: string): Promise<RunState> {
  await until(async () => (await workspace.store.getRun(runId))?.endedAt !== null, `run ${runId} to end`);
  return await stateOf(workspace, runId);
}

const lines = (workspace: Workspace, name: string): string[] => workspace.read(name).split("\n").filter(Boolean);

/** Three steps: one that is done, one that waits for the file `go`, one after it. Each writes its attempts into a file. */
function planWaiting(workspace: Workspace, name = "r"): Plan {
  const step = (id: string, more = ""): ReturnType<typeof makeStep> =>
    makeStep(id, `echo "$MAHAVISHNU_IDEMPOTENCY_KEY" >> ${workspace.path(`${name}-${id}`)}${more}`);
  const wait = `; until test -e ${workspace.path("go")}; do sleep 0.02; done`;
  return planOnce([makeJob("j", [step("before"), step("wait", wait), step("after")])]);
}

const planCounting = (workspace: Workspace): Plan =>
  planOnce([makeJob("j", [makeStep("s", `echo "$MAHAVISHNU_RUN_ID" >> ${workspace.path("counter")}`)])]);

describe("a detached run", { timeout: 90_000 }, () => {
  it("is there although the process that recorded it died at once, and waits for a server", async () => {
    await using workspace = new Workspace();
    await startDispatcherProcess(workspace, { plan: planCounting(workspace) });
    const runId = workspace.read("recorded");
    expect(await workspace.store.getRun(runId)).toMatchObject({
      state: "queued",
      reason: "a test; waits for a server",
      detached: true,
      owner: null,
      fence: 0,
    });
    await using _server = await startDispatcherProcess(workspace);
    expect(await untilOver(workspace, runId)).toMatchObject({ state: "succeeded", actor: "local:test" });
    const types = (await workspace.events(runId)).map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(["run.created", "run.started", "target.started"]);
  });

  it("runs exactly once, however many servers begin at the same moment", async () => {
    await using workspace = new Workspace();
    const runId = await record(workspace, planCounting(workspace));
    const servers = await Promise.all([1, 2, 3].map(() => startDispatcherProcess(workspace)));
    try {
      expect((await workspace.store.listServers()).map(({ pid }) => pid).toSorted((a, b) => a - b)).toEqual(
        servers.map(({ pid }) => pid).toSorted((a, b) => a - b),
      );
      expect((await untilOver(workspace, runId)).state).toBe("succeeded");
      // All of them have looked once more, and gone.
      expect(await Promise.all(servers.map((server) => server.stop()))).toEqual([0, 0, 0]);
      expect(lines(workspace, "counter")).toEqual([runId]);
      expect(lines(workspace, "told").map((line) => (JSON.parse(line) as DispatchEvent).kind)).toEqual([
        "claimed",
        "ended",
      ]);
      expect(await workspace.store.listServers()).toEqual([]);
    } finally {
      await Promise.all(servers.map((server) => server.kill()));
    }
  });

  it("is begun once for an idempotency key", async () => {
    await using workspace = new Workspace();
    const plan = planCounting(workspace);
    const engine = workspace.engine();
    const first = await engine.record({ plan, ...request, idempotencyKey: "k" });
    const second = await engine.record({ plan, ...request, idempotencyKey: "k" });
    expect([first.created, second]).toEqual([true, { runId: first.runId, created: false }]);
    expect(await engine.start({ plan, ...request, idempotencyKey: "k" })).toEqual({ runId: first.runId, handle: null });
  });

  it("can be resumed, and cancelled, where no server lives", async () => {
    await using workspace = new Workspace();
    const engine = workspace.engine();
    const resumed = await engine.resume(await record(workspace, planCounting(workspace)));
    expect((await resumed.done).state).toBe("succeeded");
    const wish = { actor: "local:dana", reason: "not any more", atOnce: false };
    const cancelled = await (await engine.resume(await record(workspace, planCounting(workspace)), wish)).done;
    expect([cancelled.state, cancelled.cause.reason, cancelled.startedAt]).toEqual(["cancelled", "not any more", null]);
    const types = (await workspace.events(cancelled.id)).map(({ type }) => type);
    expect(types).toEqual(["run.created", "run.cancelling", "target.finished", "run.finished"]);
    expect(lines(workspace, "counter")).toEqual([resumed.runId]);
  });

  it("keeps no run waiting that its own process executes, and goes before what came later once a server has it", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentRuns: 1 };
    const detached = await record(workspace, planCounting(workspace));
    const attached = workspace.engine({ limits });
    const { handle: first } = await attached.start({ plan: planWaiting(workspace), ...request });
    expect(first?.state.state).toBe("running");
    await using _server = await startDispatcherProcess(workspace, { limits });
    await until(async () => (await workspace.store.getRun(detached))?.owner !== null, "the claim");
    const { handle: second } = await attached.start({ plan: planCounting(workspace), ...request });
    workspace.write("go");
    await Promise.all([first?.done, second?.done, untilOver(workspace, detached)]);
    expect(lines(workspace, "counter")).toEqual([detached, second?.runId]);
  });
});

describe("servers", { timeout: 120_000 }, () => {
  it("take over from one that was killed: what is finished is not done again, what was interrupted is", async () => {
    await using workspace = new Workspace();
    const runId = await record(workspace, planWaiting(workspace));
    await using first = await startDispatcherProcess(workspace);
    await until(() => workspace.has("r-wait"), "the step");
    await using second = await startDispatcherProcess(workspace);
    await first.kill();
    await until(() => lines(workspace, "r-wait").length === 2, "the second attempt");
    expect((await workspace.store.getRun(runId))?.owner?.pid).toBe(second.pid);
    workspace.write("go");
    const state = await untilOver(workspace, runId);
    expect(state.state).toBe("succeeded");
    expect(stepOf(state, "j", "wait").attempts.map((attempt) => attempt.state)).toEqual(["interrupted", "succeeded"]);
    expect(["before", "wait", "after"].map((id) => lines(workspace, `r-${id}`).length)).toEqual([1, 2, 1]);
  });

  it("take over when the lease of one that sleeps has ended", async () => {
    await using workspace = new Workspace();
    const limits = { leaseMs: 600, heartbeatMs: 100 };
    const runId = await record(workspace, planWaiting(workspace));
    await using first = await startDispatcherProcess(workspace, { limits });
    await until(() => workspace.has("r-wait"), "the step");
    first.signal("SIGSTOP");
    await using _second = await startDispatcherProcess(workspace, { limits: { graceMs: 200 } });
    await until(() => lines(workspace, "r-wait").length === 2, "the second attempt");
    first.signal("SIGCONT");
    workspace.write("go");
    expect((await untilOver(workspace, runId)).state).toBe("succeeded");
    await until(() => workspace.read("told").includes('"kind":"lost"'), "the first to notice");
    expect(lines(workspace, "r-wait")).toHaveLength(2);
  });

  it("drain when they are told to go: what ends in time ends, the rest is left to others, what waits at once", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentRuns: 2 };
    const going = await record(workspace, planWaiting(workspace));
    const short = `touch ${workspace.path("begun")}; until test -e ${workspace.path("short")}; do sleep 0.02; done`;
    const ending = await record(workspace, planOnce([makeJob("j", [makeStep("s", short)])]));
    const waiting = await record(workspace, planCounting(workspace));
    await using first = await startDispatcherProcess(workspace, { limits, drainMs: 600_000 });
    await until(() => workspace.has("r-wait") && workspace.has("begun"), "both");
    await until(async () => (await workspace.store.getRun(waiting))?.owner !== null, "the claim of the third");
    const stopped = first.stop();
    await until(async () => (await workspace.store.getRun(waiting))?.owner === null, "the third to be let go of");
    expect((await workspace.store.getRun(waiting))?.state).toBe("queued");
    expect(await workspace.store.listServers()).toEqual([]);
    workspace.write("short");
    expect((await untilOver(workspace, ending)).state).toBe("succeeded");
    // Told once more it does not wait for what goes on.
    first.signal("SIGTERM");
    expect(await stopped).toBe(0);
    expect(lines(workspace, "released").toSorted()).toEqual([going, waiting].toSorted());
    expect(await workspace.store.getRun(going)).toMatchObject({ state: "running", owner: null });
    workspace.write("go");
    await using _second = await startDispatcherProcess(workspace, { limits });
    const states = await Promise.all([going, waiting].map((runId) => untilOver(workspace, runId)));
    expect(states.map(({ state }) => state)).toEqual(["succeeded", "succeeded"]);
    expect(["before", "wait", "after"].map((id) => lines(workspace, `r-${id}`).length)).toEqual([1, 2, 1]);
  });

  it("share many runs: each is done once, in the order of creation, and the limit holds for all together", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentRuns: 3, maxConcurrentSteps: 8 };
    const log = workspace.path("log");
    const plan = planOnce([
      makeJob("j", [makeStep("s", `echo "+ $MAHAVISHNU_RUN_ID" >> ${log}; echo "- $MAHAVISHNU_RUN_ID" >> ${log}`)]),
    ]);
    const count = 200;
    const ids = await Promise.all(Array.from({ length: count }, () => record(workspace, plan)));
    await using first = await startDispatcherProcess(workspace, { limits });
    await using second = await startDispatcherProcess(workspace, { limits });
    const isOver = async (): Promise<boolean> =>
      (await workspace.store.listRuns({ states: ["succeeded"], limit: count })).length === count;
    await until(isOver, "all runs to end", 80_000);
    let [running, most] = [0, 0];
    for (const line of lines(workspace, "log")) {
      running += line.startsWith("+") ? 1 : -1;
      most = Math.max(most, running);
    }
    expect(most).toBeLessThanOrEqual(limits.maxConcurrentRuns);
    expect(lines(workspace, "log").toSorted()).toEqual(ids.flatMap((id) => [`+ ${id}`, `- ${id}`]).toSorted());
    const starts = await Promise.all(
      ids.map(async (id) => (await workspace.events(id)).filter(({ type }) => type === "run.started")),
    );
    const seqs = starts.flat().map(({ seq }) => seq);
    const order = seqs.toSorted((a, b) => a - b);
    // An older run that no server has claimed yet may be passed by what two servers hold.
    expect(seqs).toHaveLength(count);
    expect(Math.max(...seqs.map((seq, index) => Math.abs(order.indexOf(seq) - index)))).toBeLessThan(15);
    const owners = lines(workspace, "told").map((line) => JSON.parse(line) as DispatchEvent & { pid: number });
    const claims = owners.filter(({ kind }) => kind === "claimed");
    expect(claims).toHaveLength(count);
    for (const { pid } of [first, second])
      expect(claims.filter((claim) => claim.pid === pid).length).toBeGreaterThan(10);
  });

  it("hold no more runs than may go on, and a few", async () => {
    await using workspace = new Workspace();
    const limits = { maxConcurrentRuns: 2 };
    await Promise.all(Array.from({ length: 30 }, (_, n) => record(workspace, planWaiting(workspace, `r${n}`))));
    await using server = await startDispatcherProcess(workspace, { limits });
    await until(() => workspace.has("r0-wait") && workspace.has("r1-wait"), "two runs");
    const owned = async (): Promise<number> =>
      (await workspace.store.listRuns({ limit: 30 })).filter(({ owner }) => owner !== null).length;
    await until(async () => (await owned()) === 6, "the claims");
    expect(await owned()).toBe(6);
    expect(await server.stop()).toBe(0);
    expect(await owned()).toBe(0);
  });
});

/** A server in this process, and what it tells. */
async function serve(workspace: Workspace, options: FixtureOptions = {}) {
  const told: DispatchEvent[] = [];
  const times: number[] = [];
  const engine = workspace.engine(options);
  const maxConcurrentRuns = options.limits?.maxConcurrentRuns ?? 5;
  const observe = (event: DispatchEvent): void => {
    told.push(event);
    times.push(Date.now());
  };
  const dispatcher = await startDispatcher({ store: workspace.store, engine, maxConcurrentRuns, observe });
  return {
    engine,
    dispatcher,
    told,
    times,
    count: (kind: DispatchEvent["kind"]): number => told.filter((event) => event.kind === kind).length,
    [Symbol.asyncDispose]: async () => void (await dispatcher.stop({ drainMs: 0 })),
  };
}

describe("a dispatcher", { timeout: 90_000 }, () => {
  it("begins at once what its own process has recorded", async () => {
    await using workspace = new Workspace();
    await using server = await serve(workspace);
    await until(() => workspace.store.listServers().then((list) => list.length === 1), "the server");
    const runId = await record(workspace, planCounting(workspace));
    server.dispatcher.wake();
    expect((await untilOver(workspace, runId)).state).toBe("succeeded");
    await until(() => server.count("ended") === 1, "the news");
    expect(server.told).toEqual([
      { kind: "claimed", runId, state: "queued" },
      { kind: "ended", runId, state: "succeeded" },
    ]);
  });

  it("tries again what it cannot go on with, ever more seldom, and all of it once the cause is gone", async () => {
    await using workspace = new Workspace();
    let isBroken = true;
    const allowedRoots = async (): Promise<readonly string[]> => {
      if (isBroken) throw new MahavishnuError("INTERNAL", "the manifest cannot be read");
      return [workspace.folder];
    };
    const repository = workspace.repository("a");
    const plan = planSweep([makeJob("j", [makeStep("s")])], [repository]);
    const ids = await Promise.all(Array.from({ length: 30 }, () => record(workspace, plan)));
    await using server = await serve(workspace, { allowedRoots });
    // Those that may be held fail together; then it waits, and tries one at a time.
    await until(() => server.count("failed") >= 11, "the first failures, and two more");
    const [ninth = 0, tenth = 0, eleventh = 0] = server.times.slice(8);
    expect([tenth - ninth > 900, eleventh - tenth > 1_900]).toEqual([true, true]);
    const rows = await workspace.store.listRuns({ limit: 30 });
    expect(rows.filter((row) => row.owner !== null)).toEqual([]);
    expect(rows.map(({ state, detached }) => `${state} ${detached}`)).toEqual(Array(30).fill("queued true"));
    isBroken = false;
    const states = await Promise.all(ids.map((runId) => untilOver(workspace, runId)));
    expect(states.map(({ state }) => state)).toEqual(Array(30).fill("succeeded"));
  });

  it("goes on with a run of its own process whose journal could not be written", async () => {
    await using workspace = new Workspace();
    await using server = await serve(workspace);
    const { handle } = await server.engine.start({ plan: planWaiting(workspace), ...request });
    await until(() => workspace.has("r-wait"), "the step");
    const file = workspace.path(".mahavishnu/state.db");
    const rename = (from: string, to: string): void => {
      using db = new DatabaseSync(file, { timeout: 10_000 });
      db.exec(`ALTER TABLE ${from} RENAME TO ${to}`);
    };
    rename("event", "away");
    await expect(handle?.cancel({ actor: "x", reason: "y", atOnce: false })).rejects.toThrow(/no such table/);
    await expect(handle?.done).rejects.toThrow(/no such table/);
    await until(() => server.count("failed") > 0, "a vain attempt");
    rename("away", "event");
    workspace.write("go");
    const state = await untilOver(workspace, handle?.runId ?? "");
    expect(state.state).toBe("succeeded");
    expect(lines(workspace, "r-before")).toHaveLength(1);
  });

  it("tells that it cannot see, and sees again by itself", async () => {
    await using workspace = new Workspace();
    const told: DispatchEvent[] = [];
    let isBroken = true;
    const store = {
      dataVersion: () => workspace.store.dataVersion(),
      listUnowned: async (limit: number) => {
        if (isBroken) throw new MahavishnuError("STATE_UNREADABLE", "the disk is gone");
        return await workspace.store.listUnowned(limit);
      },
    };
    const runId = await record(workspace, planCounting(workspace));
    const observe = (event: DispatchEvent): void => void told.push(event);
    const dispatcher = await startDispatcher({ store, engine: workspace.engine(), maxConcurrentRuns: 5, observe });
    await until(() => told.length > 0, "the first news");
    expect(told).toMatchObject([{ kind: "blind", retryMs: 1_000 }]);
    isBroken = false;
    expect((await untilOver(workspace, runId)).state).toBe("succeeded");
    await dispatcher.stop({ drainMs: 0 });
  });
});
