import { describe, expect, it } from "vitest";
import { deadOwner, newRun, rowOf, withStore } from "../../store/store-fixture.ts";
import type { SqliteStore } from "../../store/open-store.ts";
import type { AlertRule } from "./alert-rule.ts";
import { AlertJudge } from "./alert-judge.ts";
import { alertSource, messagesTo, recordRun, ruleOf, say, surroundings } from "./alert-fixture.ts";
import type { Surroundings } from "./watch.ts";

const hour = 3_600_000;

/** A judge whose time goes on only when a test says so. */
function judgeOf(store: SqliteStore, rules: readonly AlertRule[], around: Partial<Surroundings> = {}) {
  let now = Date.now();
  const judge = new AlertJudge({
    store,
    rules,
    source: alertSource,
    around: surroundings(around),
    onMessages: () => undefined,
    onFailure: (error) => {
      throw error;
    },
    now: () => now,
    patienceMs: 30_000,
  });
  return {
    judge: async () => await judge.judge(),
    wait: async (ms: number) => {
      now += ms;
      await judge.judge();
    },
    now: () => now,
  };
}

const stateOf = async (store: SqliteStore, rule = "failures") => {
  const book = await store.openAlerts();
  const { isKnown, note, value } = book.rules.find((row) => row.rule === rule) ?? {};
  return { isKnown, note, value, alerts: book.alerts.filter((row) => row.rule === rule).map(({ state }) => state) };
};

describe("rules about the ends of runs", () => {
  it("fire once for each workflow, however often it fails, and end with its next success", async () => {
    await withStore(async (store) => {
      await recordRun(store, "before", "failed");
      const { judge } = judgeOf(store, [ruleOf({ subject: { kind: "on", events: ["run.failed", "run.partial"] } })]);
      await judge();
      await recordRun(store, "r1", "failed");
      await recordRun(store, "r2", "failed");
      await recordRun(store, "r3", "partial", { workflow: "test" });
      await recordRun(store, "r4", "cancelled");
      await judge();
      await recordRun(store, "r5", "partial");
      await judge();
      expect(say(await messagesTo(store))).toEqual(["firing workflow=ship; firing workflow=test"]);
      const [message] = await messagesTo(store);
      expect(message).toMatchObject({ channel: "ops", rule: "failures", isTest: false });
      expect(message?.id).toMatch(/^evt_[0-9a-f]{24}$/);
      expect(message?.alerts[0]).toEqual({
        rule: "failures",
        fingerprint: expect.stringMatching(/^[0-9a-f]{16}$/) as string,
        state: "firing",
        severity: "error",
        summary: "ship failed",
        description: "Run r2 of ship failed: is failed. See run.failed.",
        labels: { workspace: "w", rule: "failures", workflow: "ship" },
        startedAt: expect.any(Number) as number,
        endedAt: null,
        runId: "r2",
        url: null,
        runbook: null,
        value: 2,
      });
      expect((await store.openAlerts()).alerts.map(({ count }) => count).toSorted((a, b) => a - b)).toEqual([1, 3]);
      await recordRun(store, "r6", "succeeded");
      await judge();
      expect(say(await messagesTo(store)).slice(1)).toEqual(["resolved workflow=ship"]);
    });
  });

  it("tell a failure and the success after it, also when both are found at once", async () => {
    await withStore(async (store) => {
      const { judge, wait } = judgeOf(store, [ruleOf()]);
      await judge();
      await recordRun(store, "r1", "failed");
      await recordRun(store, "r2", "succeeded");
      // What comes and goes is told no more often than once a minute.
      await recordRun(store, "r3", "failed");
      await judge();
      expect(say(await messagesTo(store))).toEqual(["firing workflow=ship", "resolved workflow=ship"]);
      await wait(60_000);
      expect(say(await messagesTo(store)).slice(2)).toEqual(["firing workflow=ship"]);
    });
  });

  it("ask for workflows and for repositories", async () => {
    await withStore(async (store) => {
      const touches = async (runId: string, where: string): Promise<boolean> =>
        await Promise.resolve(where === "tag:edge" && runId !== "r1");
      const rules = [
        ruleOf({ name: "ship", workflows: ["ship"] }),
        ruleOf({ name: "edge", where: "tag:edge", notify: ["ops", "mail"] }),
      ];
      const { judge } = judgeOf(store, rules, { touches });
      await judge();
      await recordRun(store, "r1", "failed");
      await recordRun(store, "r2", "failed", { workflow: "test" });
      await judge();
      expect((await messagesTo(store)).map(({ rule, alerts }) => [rule, alerts.map(({ runId }) => runId)])).toEqual([
        ["ship", ["r1"]],
        ["edge", ["r2"]],
      ]);
      expect(say(await messagesTo(store, "mail"))).toEqual(["firing workflow=test"]);
    });
  });

  it("wait until it has held for long enough, and for others to be told together", async () => {
    await withStore(async (store) => {
      const { judge, wait } = judgeOf(store, [ruleOf({ forMs: 60_000, groupWaitMs: 10_000, repeatMs: hour })]);
      await judge();
      await recordRun(store, "r1", "failed", { workflow: "a" });
      await recordRun(store, "r2", "failed", { workflow: "b" });
      await recordRun(store, "r3", "failed", { workflow: "c" });
      await judge();
      expect((await stateOf(store)).alerts).toEqual(["pending", "pending", "pending"]);
      await recordRun(store, "r4", "succeeded", { workflow: "c" });
      await wait(61_000);
      expect((await stateOf(store)).alerts.toSorted()).toEqual(["firing", "firing", "resolved"]);
      expect(await messagesTo(store)).toEqual([]);
      await wait(10_000);
      expect(say(await messagesTo(store)).map((text) => text.split("; ").toSorted())).toEqual([
        ["firing workflow=a", "firing workflow=b"],
      ]);
      await wait(hour - 1);
      expect((await messagesTo(store)).length).toBe(1);
      await wait(1);
      expect((await messagesTo(store)).length).toBe(2);
    });
  });

  it("tell nobody while they are silenced, and what goes on afterwards", async () => {
    await withStore(async (store) => {
      const { judge, wait, now } = judgeOf(store, [ruleOf()]);
      await judge();
      const silence = { rule: "failures", reason: "", createdAt: now(), createdBy: "x", until: now() + hour };
      await store.addSilence({ ...silence, id: "s1", labels: { workflow: "a" } });
      for (const workflow of ["a", "b"]) await recordRun(store, `r${workflow}`, "failed", { workflow });
      await judge();
      expect(say(await messagesTo(store))).toEqual(["firing workflow=b"]);
      await wait(hour);
      expect(say(await messagesTo(store)).slice(1)).toEqual(["firing workflow=a"]);
    });
  });

  it("end quietly when they are taken out of the configuration", async () => {
    await withStore(async (store) => {
      const before = judgeOf(store, [ruleOf()]);
      await before.judge();
      await recordRun(store, "r1", "failed");
      await before.judge();
      await judgeOf(store, [ruleOf({ name: "others" })]).judge();
      const { alerts, rules } = await store.openAlerts();
      expect(alerts).toMatchObject([{ state: "resolved", note: expect.stringContaining("configuration") as string }]);
      expect(rules.map(({ rule }) => rule)).toEqual(["others"]);
      expect((await messagesTo(store)).length).toBe(1);
    });
  });

  it("are judged by several servers as if by one", async () => {
    await withStore(async (store) => {
      const judges = [1, 2, 3].map(() => judgeOf(store, [ruleOf()]));
      for (const { judge } of judges) await judge();
      for (let run = 0; run < 12; run += 1) {
        await recordRun(store, `r${run}`, run % 2 === 0 ? "failed" : "succeeded", { workflow: `w${run >> 1}` });
        await Promise.all(judges.map(async ({ judge }) => await judge()));
      }
      await Promise.all(judges.map(async ({ judge }) => await judge()));
      const ids = (await messagesTo(store)).map(({ id }) => id);
      expect([new Set(ids).size, ids.length]).toEqual([12, 12]);
      expect((await store.openAlerts()).alerts.map(({ count }) => count)).toEqual(Array(6).fill(1));
    });
  });
});

describe("rules about what lasts", () => {
  it.each<[string, Partial<Surroundings>, Partial<Surroundings>, string, readonly (boolean | undefined)[]]>([
    // Of a server everything is known, and of an age as much after a while.
    ["readiness.failed", suite(false), suite(true), " command=run-all-tests", [false, true, false, true]],
    [
      "adapter.down",
      checks("adapter:prefect", "fail"),
      checks("adapter:prefect", "pass"),
      " adapter=prefect server=here:1",
      [false, true, false, true],
    ],
    [
      "server.degraded",
      checks("disk:write", "warn"),
      checks("disk:write", "pass"),
      " server=here:1",
      [true, true, true, true],
    ],
    ["backup.failed", backups(1, false), backups(2, true), "", [false, true, false, true]],
    [
      "backup.stale",
      backups(Date.now() - 25 * hour, true),
      backups(Date.now() - hour, true),
      "",
      [false, true, false, true],
    ],
  ])("%s: fires and ends, and while nothing is known it stays as it is", async (event, bad, good, labels, known) => {
    await withStore(async (store) => {
      const rule = ruleOf({ subject: { kind: "on", events: [event as "adapter.down"] } });
      const nothing = surroundings();
      let current: Partial<Surroundings> = {};
      const { judge, wait } = judgeOf(store, [rule], {
        lastSuites: async () => await (current.lastSuites ?? nothing.lastSuites)(),
        backups: async () => await (current.backups ?? nothing.backups)(),
        health: { server: "here:1", checks: async () => await (current.health ?? nothing.health).checks() },
      });
      await judge();
      const seen = [(await stateOf(store)).isKnown];
      // The server has no parts while nothing is known: of it alone that means that none is bad.
      const between = event === "server.degraded" ? bad : {};
      for (const next of [bad, between, good]) {
        current = next;
        await wait(5_000);
        seen.push((await stateOf(store)).isKnown);
      }
      expect(seen).toEqual(known);
      expect(say(await messagesTo(store))).toEqual([`firing${labels}`, `resolved${labels}`]);
      expect(await stateOf(store)).toMatchObject({ note: null, alerts: ["resolved"] });
    });
  });

  it("run.interrupted: while nobody goes on with a run", async () => {
    await withStore(async (store) => {
      const { judge, wait } = judgeOf(store, [ruleOf({ subject: { kind: "on", events: ["run.interrupted"] } })]);
      await judge();
      const owner = deadOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      await store.createRun(newRun("aaaaaaaaaa", owner));
      await wait(5_000);
      const row = rowOf("failed");
      await store.append("aaaaaaaaaa", [], { expectedRunSeq: 2, fence: 1, row, release: true });
      await wait(5_000);
      expect(say(await messagesTo(store))).toEqual(["firing workflow=w", "resolved workflow=w"]);
    });
  });

  it("webhook.dead: as long as the last delivery to one was given up", async () => {
    await withStore(async (store) => {
      const rule = ruleOf({ subject: { kind: "on", events: ["webhook.dead"] } });
      const { judge, wait } = judgeOf(store, [rule], { webhooks: ["chat", "ci"] });
      await judge();
      expect(await stateOf(store)).toMatchObject({ isKnown: false });
      const end = async (id: string, state: "dead" | "delivered"): Promise<void> => {
        await store.addDelivery({ id, hook: "chat", type: "t", runId: null, body: "" }, { claim: id, until: 1 });
        await store.settleDelivery(id, id, { state, dueAt: 0, status: 500, error: "it answered 500" });
        await wait(5_000);
      };
      await end("evt_1", "delivered");
      await end("evt_2", "dead");
      await end("evt_3", "delivered");
      expect(say(await messagesTo(store))).toEqual(["firing webhook=chat", "resolved webhook=chat"]);
    });
  });

  it("ends what a server saw that has gone", async () => {
    await withStore(async (store) => {
      const rule = ruleOf({ subject: { kind: "on", events: ["server.degraded"] } });
      await judgeOf(store, [rule], checks("disk:write", "fail")).judge();
      const health = { server: "here:2", checks: async () => await Promise.resolve([]) };
      const other = judgeOf(store, [rule], { health });
      await other.judge();
      await other.wait(299_000);
      expect((await stateOf(store)).alerts).toEqual(["firing"]);
      await other.wait(2_000);
      expect(say(await messagesTo(store)).at(-1)).toBe("resolved server=here:1");
    });
  });
});

describe("rules about figures", () => {
  it("say nothing of a ratio while no run has ended, fire above, and end below", async () => {
    await withStore(async (store) => {
      const when = { kind: "when", figure: "runs.failureRatio", above: 0.5, below: null, overMs: hour } as const;
      const { judge, wait } = judgeOf(store, [ruleOf({ subject: when })]);
      await judge();
      expect(await stateOf(store)).toMatchObject({ isKnown: false, value: null, alerts: [] });
      await recordRun(store, "r1", "failed");
      await recordRun(store, "c1", "cancelled");
      await wait(10_000);
      expect(await stateOf(store)).toMatchObject({ isKnown: true, value: 1, alerts: ["firing"] });
      await recordRun(store, "r2", "succeeded");
      await wait(10_000);
      expect(say(await messagesTo(store))).toEqual([
        "firing figure=runs.failureRatio",
        "resolved figure=runs.failureRatio",
      ]);
      // What was known ends with the time that counts: it stays as it was.
      await wait(2 * hour);
      expect(await stateOf(store)).toMatchObject({ isKnown: false });
    });
  });

  it.each([
    ["runs.failed", 0, null, 1],
    ["runs.queued", 0, null, 1],
    ["runs.oldestQueued", 60, null, 1],
    ["runs.longestRunning", 60, null, 1],
    ["state.bytes", 100, null, 1],
    ["disk.freeRatio", null, 0.1, 1],
    ["disk.freeRatio", null, 0.01, 0],
  ] as const)("%s above %s or below %s", async (figure, above, below, messages) => {
    await withStore(async (store) => {
      const rule = ruleOf({ subject: { kind: "when", figure, above, below, overMs: hour }, workflows: ["w"] });
      const { judge } = judgeOf(store, [rule], {
        stateBytes: async () => await Promise.resolve(101),
        freeRatio: async () => await Promise.resolve(0.05),
      });
      const owner = deadOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      await recordRun(store, "aaaaaaaaaa", "failed", { workflow: "w" });
      await store.createRun(newRun("bbbbbbbbbb", owner));
      await store.createRun(newRun("cccccccccc", owner, { owner: null, start: null }));
      await judge();
      expect((await messagesTo(store)).length).toBe(messages);
    });
  });

  it("count only runs that touch what a selector picks", async () => {
    await withStore(async (store) => {
      const when = { kind: "when", figure: "runs.failed", above: 0, below: null, overMs: hour } as const;
      const touches = async (runId: string): Promise<boolean> => await Promise.resolve(runId === "r2");
      const { judge, wait } = judgeOf(store, [ruleOf({ subject: when, where: "tag:edge" })], { touches });
      await recordRun(store, "r1", "failed");
      await judge();
      expect(await stateOf(store)).toMatchObject({ isKnown: true, alerts: [] });
      await recordRun(store, "r2", "failed");
      await wait(5_000);
      expect((await stateOf(store)).alerts).toEqual(["firing"]);
    });
  });

  it("fire when something is missing for too long, and end when it happens", async () => {
    await withStore(async (store) => {
      const rule = ruleOf({ subject: { kind: "absent", event: "run.succeeded", forMs: hour }, workflows: ["ship"] });
      const { judge, wait, now } = judgeOf(store, [rule]);
      await judge();
      expect(await stateOf(store)).toMatchObject({ isKnown: false, alerts: [] });
      await wait(hour);
      expect(await stateOf(store)).toMatchObject({ isKnown: true, alerts: ["firing"] });
      await recordRun(store, "r1", "succeeded", { workflow: "test", time: now() });
      await recordRun(store, "r2", "failed", { time: now() });
      await wait(5_000);
      expect((await stateOf(store)).alerts).toEqual(["firing"]);
      await recordRun(store, "r3", "succeeded", { time: now() });
      await wait(5_000);
      expect(say(await messagesTo(store))).toEqual(["firing", "resolved"]);
      // A new rule looks back.
      const late = ruleOf({ name: "late", subject: { kind: "absent", event: "run.started", forMs: hour } });
      const next = judgeOf(store, [rule, late]);
      await next.judge();
      expect(await stateOf(store, "late")).toMatchObject({ isKnown: true, alerts: [] });
    });
  });

  it("watch an error budget, of which nothing may be known", async () => {
    await withStore(async (store) => {
      let state: "unknown" | "ok" | "burning" = "unknown";
      const burnRate = async () => await Promise.resolve({ state, value: state === "unknown" ? null : 20, note: null });
      const { judge, wait } = judgeOf(store, [ruleOf({ subject: { kind: "burnRate", slo: "nightly" } })], { burnRate });
      await judge();
      expect(await stateOf(store)).toMatchObject({ isKnown: false });
      for (const next of ["burning", "unknown", "ok"] as const) {
        state = next;
        await wait(5_000);
      }
      expect(say(await messagesTo(store))).toEqual(["firing slo=nightly", "resolved slo=nightly"]);
    });
  });
});

function checks(name: string, status: "pass" | "warn" | "fail"): Partial<Surroundings> {
  return { health: { server: "here:1", checks: async () => await Promise.resolve([{ name, status }]) } };
}

function suite(isReady: boolean): Partial<Surroundings> {
  const one = { id: "s", command: "run-all-tests", isReady, endedAt: 5 };
  return { lastSuites: async () => await Promise.resolve([one]) };
}

function backups(at: number, ok: boolean): Partial<Surroundings> {
  return { backups: async () => await Promise.resolve({ last: { at, ok }, lastGoodAt: ok ? at : null }) };
}
