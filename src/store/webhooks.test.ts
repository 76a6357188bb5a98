import { describe, expect, it } from "vitest";
import type { NewDelivery } from "./webhook-contract.ts";
import { eventOf, livingOwner, newRun, rowOf, startStoreProcess, withStore } from "./store-fixture.ts";
import { deliveryKeptMs } from "./webhooks.ts";

const delivery = (id: string, hook = "chat"): NewDelivery => ({
  id,
  hook,
  type: "t",
  runId: null,
  body: `{"id":"${id}"}`,
});

const message = (id: string, sentAt: number | null = 1_000, rest: object = {}) => ({
  hook: "deploy",
  id,
  sentAt,
  keptUntil: Date.now() + 600_000,
  runKey: `key-${id}`,
  ...rest,
});

describe("messages that came in", () => {
  it("are replays once they have had their effect, and not before", async () => {
    await withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 10_000);
      expect(await store.admitMessage(message("a"))).toBe("first");
      // The run could not be begun, or this process died before it was: the sender's next try must count.
      expect(await store.admitMessage(message("a"))).toBe("again");
      await store.createRun(newRun("r1", owner, { idempotencyKey: "key-a" }));
      expect(await store.admitMessage(message("a"))).toBe("replayed");
      expect(await store.admitMessage(message("a", 999))).toBe("replayed");
      // Signed anew, by who knows the secret.
      expect(await store.admitMessage(message("a", 2_000))).toBe("again");
      expect(await store.admitMessage(message("a", 2_000))).toBe("replayed");
      expect(await store.admitMessage(message("a", 1_000))).toBe("replayed");
      expect(await store.admitMessage(message("b"))).toBe("first");
    });
  });

  it("without a time stamp have their effect once, however late they come again", async () => {
    let now = 1_000;
    await withStore(
      async (store) => {
        const owner = livingOwner();
        await store.heartbeat(owner, Date.now() + 10_000);
        expect(await store.admitMessage(message("a", null, { keptUntil: 600_000 }))).toBe("first");
        await store.createRun(newRun("r1", owner, { idempotencyKey: "key-a" }));
        expect(await store.admitMessage(message("a", null))).toBe("replayed");
        now = 700_000;
        expect(await store.admitMessage(message("a", null))).toBe("replayed");
      },
      () => now,
    );
  });

  it("are forgotten when they can come unchanged no more; the run they began is not", async () => {
    let now = 1_000;
    await withStore(
      async (store) => {
        const owner = livingOwner();
        await store.heartbeat(owner, Date.now() + 10_000);
        await store.admitMessage(message("a", 1_000, { keptUntil: 600_000 }));
        await store.createRun(newRun("r1", owner, { idempotencyKey: "key-a" }));
        now = 700_000;
        expect(await store.admitMessage(message("a", 690_000, { keptUntil: 1_300_000 }))).toBe("again");
        expect(await store.admitMessage(message("a", 690_000, { keptUntil: 1_300_000 }))).toBe("replayed");
      },
      () => now,
    );
  });

  it("are known to every process, and to the next one", async () => {
    await withStore(async (store, file) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 10_000);
      await store.admitMessage(message("a", 1_000, { keptUntil: Date.now() + 600_000 }));
      await store.createRun(newRun("r1", owner, { idempotencyKey: "key-a" }));
      await using other = await startStoreProcess(file);
      expect(await other.call("admitMessage", message("a"))).toBe("replayed");
    });
  });
});

describe("the journal as webhooks read it", () => {
  it("is read from where a hook stands, which for a new one is the end", async () => {
    await withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 10_000);
      await store.createRun(newRun("r1", owner));
      const start = await store.startCursor("chat");
      expect(start).toBe(2);
      await store.append("r1", [eventOf("target.started"), eventOf("run.finished", { state: "failed" })], {
        expectedRunSeq: 2,
        fence: 1,
        row: rowOf("failed"),
      });
      expect(await store.startCursor("chat")).toBe(start);
      const types = ["run.finished", "run.created"];
      const part = await store.readJournal(start, types, 10);
      expect(part.upTo).toBe(4);
      expect(part.entries).toMatchObject([{ seq: 4, runId: "r1", type: "run.finished", data: '{"state":"failed"}' }]);
      expect(await store.readJournal(start, types, 1)).toEqual({ entries: [], upTo: 3 });
      expect(await store.readJournal(4, types, 10)).toEqual({ entries: [], upTo: 4 });
      // The plan of a run is large, and nobody needs it here.
      expect((await store.readJournal(0, types, 10)).entries[0]).toMatchObject({ type: "run.created", data: "{}" });
    });
  });

  it("is turned into deliveries once, whoever is quicker", async () => {
    await withStore(async (store, file) => {
      await store.startCursor("chat");
      await using other = await startStoreProcess(file);
      const both = await Promise.all([
        store.advanceCursor("chat", 0, 5, [delivery("a"), delivery("b")]),
        other.call("advanceCursor", "chat", 0, 5, [delivery("a"), delivery("b")]),
      ]);
      expect(both.toSorted()).toEqual([false, true]);
      expect((await store.listDeliveries({ limit: 10 })).map(({ id }) => id)).toEqual(["b", "a"]);
      expect(await store.startCursor("chat")).toBe(5);
    });
  });
});

describe("deliveries", () => {
  it("are claimed by one at a time, each attempt counted as it begins", async () => {
    let now = 1_000;
    await withStore(
      async (store, file) => {
        await store.addDelivery(delivery("a"));
        await store.addDelivery(delivery("other", "else"));
        const mine = await store.claimDeliveries("chat", { claim: "c1", until: 5_000 }, 10);
        expect(mine).toMatchObject([{ id: "a", attempts: 1, state: "pending", attemptedAt: 1_000 }]);
        expect(await store.claimDeliveries("chat", { claim: "c2", until: 5_000 }, 10)).toEqual([]);
        expect(await store.nextDeliveryAt("chat")).toBe(5_000);
        // Nothing was heard of who had it.
        now = 5_000;
        expect(await store.claimDeliveries("chat", { claim: "c3", until: 9_000 }, 10)).toMatchObject([
          { id: "a", attempts: 2 },
        ]);
        const outcome = { state: "delivered", dueAt: 0, status: 204, error: null } as const;
        expect(await store.settleDelivery("a", "c1", outcome)).toBe(false);
        expect(await store.settleDelivery("a", "c3", outcome)).toBe(true);
        expect(await store.settleDelivery("a", "c3", outcome)).toBe(false);
        expect(await store.getDelivery("a")).toMatchObject({ state: "delivered", status: 204, endedAt: 5_000 });
        expect(await store.nextDeliveryAt("chat")).toBeNull();
        await using other = await startStoreProcess(file);
        expect(await other.call("getDelivery", "a")).toMatchObject({ attempts: 2 });
      },
      () => now,
    );
  });

  it("are tried later, given up, and sent once more when somebody asks", async () => {
    let now = 1_000;
    await withStore(
      async (store) => {
        await store.addDelivery(delivery("a"), { claim: "c1", until: 2_000 });
        await store.settleDelivery("a", "c1", {
          state: "pending",
          dueAt: 3_000,
          status: 500,
          error: "it answered 500",
        });
        expect(await store.claimDeliveries("chat", { claim: "c2", until: 9_000 }, 10)).toEqual([]);
        now = 3_000;
        await store.claimDeliveries("chat", { claim: "c2", until: 9_000 }, 10);
        await store.settleDelivery("a", "c2", { state: "dead", dueAt: 3_000, status: null, error: "no answer" });
        expect(await store.listDeliveries({ state: "dead", hook: "chat", limit: 5 })).toMatchObject([{ attempts: 2 }]);
        expect(await store.reviveDelivery("a")).toBe(true);
        expect(await store.getDelivery("a")).toMatchObject({
          state: "pending",
          attempts: 0,
          dueAt: 3_000,
          endedAt: null,
        });
        expect(await store.reviveDelivery("b")).toBe(false);
      },
      () => now,
    );
  });

  it("are listed page by page, and forgotten a month after they were over", async () => {
    let now = 1_000;
    await withStore(
      async (store) => {
        await store.startCursor("chat");
        await store.advanceCursor(
          "chat",
          0,
          1,
          ["a", "b", "c"].map((id) => delivery(id)),
        );
        const first = await store.listDeliveries({ limit: 2 });
        expect(first.map(({ id }) => id)).toEqual(["c", "b"]);
        const beforePosition = first[1]?.position ?? 0;
        expect((await store.listDeliveries({ limit: 2, beforePosition })).map(({ id }) => id)).toEqual(["a"]);
        await store.claimDeliveries("chat", { claim: "c1", until: 9_000 }, 1);
        await store.settleDelivery("a", "c1", { state: "delivered", dueAt: 0, status: 200, error: null });
        now += deliveryKeptMs + 1;
        await store.advanceCursor("chat", 1, 2, []);
        expect((await store.listDeliveries({ limit: 9 })).map(({ id }) => id)).toEqual(["c", "b"]);
      },
      () => now,
    );
  });
});
