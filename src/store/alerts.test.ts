import { describe, expect, it } from "vitest";
import type { AlertRow, RuleRow, SilenceRow } from "./alert-contract.ts";
import { eventOf, livingOwner, newRun, rowOf, withStore } from "./store-fixture.ts";

const alert: AlertRow = {
  fingerprint: "f1",
  rule: "failures",
  source: "runs",
  labels: { workflow: "ship" },
  state: "firing",
  since: 1,
  firedAt: 1,
  endedAt: null,
  changedAt: 1,
  isTold: true,
  toldAt: 1,
  count: 1,
  value: null,
  runId: "r1",
  summary: "ship failed",
  description: "it failed",
  note: null,
  seenAt: 1,
};
const rule: RuleRow = {
  rule: "failures",
  since: 1,
  lastAt: null,
  isKnown: true,
  note: null,
  value: null,
  judgedAt: 1,
};
const message = { id: "evt_1", hook: "channel:ops", type: "alert", runId: null, body: "{}" };
const silence: SilenceRow = {
  id: "s1",
  rule: "failures",
  labels: { workflow: "ship" },
  reason: "maintenance",
  createdAt: 1,
  createdBy: "local:dana",
  until: 5_000,
};

describe("the book of alerts", () => {
  it("begins at the end of the journal, and is written by whoever stands where it stands", async () => {
    await withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      await store.createRun(newRun("aaaaaaaaaa", owner));
      expect(await store.readAlerts()).toBeNull();
      const { version, seq, ...rest } = await store.openAlerts();
      expect([seq, rest]).toEqual([2, { alerts: [], rules: [], silences: [] }]);
      const change = { seq: 3, alerts: [alert], rules: [rule], forgotten: [], messages: [message] };
      expect(await store.writeAlerts(version, change)).toBe(true);
      expect(await store.writeAlerts(version, { ...change, messages: [{ ...message, id: "evt_2" }] })).toBe(false);
      const book = await store.openAlerts();
      expect(book).toEqual({ version: version + 1, seq: 3, alerts: [alert], rules: [rule], silences: [] });
      expect((await store.listDeliveries({ hook: "channel:ops", limit: 9 })).map(({ id }) => id)).toEqual(["evt_1"]);
      // They are no deliveries of a webhook.
      expect(await store.listDeliveries({ limit: 9 })).toEqual([]);
      const over = { ...alert, state: "resolved", endedAt: 1 } as const;
      expect(await store.writeAlerts(book.version, { ...change, alerts: [over], forgotten: ["failures"] })).toBe(true);
      expect(await store.readAlerts()).toMatchObject({ alerts: [], rules: [] });
    });
  });

  it("knows silences until they end, and moves on with each", async () => {
    let now = 1_000;
    await withStore(
      async (store) => {
        const { version } = await store.openAlerts();
        await store.addSilence(silence);
        await store.addSilence({ ...silence, id: "s2", until: 2_000 });
        expect(await store.alertVersion()).toBe(version + 2);
        now = 2_000;
        expect((await store.openAlerts()).silences).toEqual([silence]);
        expect(await store.endSilence("s2")).toBeNull();
        expect(await store.endSilence("s1")).toEqual({ ...silence, until: 2_000 });
        expect(await store.endSilence("s1")).toBeNull();
        expect((await store.openAlerts()).silences).toEqual([]);
      },
      () => now,
    );
  });
});

describe("figures", () => {
  it("count how runs ended of late, and what waits and goes on", async () => {
    await withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      for (const [id, state, workflow, endedAt] of [
        ["aaaaaaaaaa", "failed", "ship", 100],
        ["bbbbbbbbbb", "succeeded", "ship", 200],
        ["cccccccccc", "failed", "test", 300],
      ] as const)
        await store.createRun(newRun(id, owner, { workflow, start: null, row: { ...rowOf(state), endedAt } }));
      const created = { ...eventOf("run.created"), time: 50 };
      await store.createRun(newRun("dddddddddd", owner, { owner: null, start: null, events: [created] }));
      await store.createRun(newRun("eeeeeeeeee", owner));
      const all = { succeeded: 1, partial: 0, failed: 2, cancelled: 0 };
      expect(await store.countEndedSince({ since: 0, workflows: [] })).toEqual(all);
      expect(await store.countEndedSince({ since: 150, workflows: ["ship"] })).toEqual({ ...all, failed: 0 });
      expect(await store.listEndedSince({ since: 150, workflows: [], limit: 1 })).toEqual([
        { runId: "cccccccccc", state: "failed", endedAt: 300 },
      ]);
      const waiting = { queued: 1, oldestQueuedAt: 50, longestRunningSince: 1 };
      expect(await store.countWaiting([])).toEqual(waiting);
      expect(await store.countWaiting(["ship"])).toEqual({
        queued: 0,
        oldestQueuedAt: null,
        longestRunningSince: null,
      });
    });
  });

  it("know how the last delivery to a webhook ended", async () => {
    await withStore(async (store) => {
      expect(await store.lastDeliveryEnd("chat")).toBeNull();
      for (const [id, state] of [
        ["evt_1", "delivered"],
        ["evt_2", "dead"],
      ] as const) {
        await store.addDelivery({ ...message, id, hook: "chat" }, { claim: id, until: 1 });
        await store.settleDelivery(id, id, { state, dueAt: 0, status: null, error: `is ${state}` });
        expect(await store.lastDeliveryEnd("chat")).toEqual({ state, error: `is ${state}` });
      }
    });
  });
});
