import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { DeliveryRow } from "../../store/webhook-contract.ts";
import type { Store } from "../../store/contract.ts";
import { withStore } from "../../store/store-fixture.ts";
import { receiveMessages, recordRun, say, startAlertsOf } from "./alert-fixture.ts";
import { AlertSender, type SenderEvent } from "./alert-sender.ts";

/** Waits until something holds. */
async function until(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await holds())) {
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

const rowsOf = async (store: Store): Promise<readonly DeliveryRow[]> =>
  await store.listDeliveries({ hook: "channel:ops", limit: 100 });

const untilOver = async (store: Store, count: number): Promise<void> =>
  await until(
    async () => (await rowsOf(store)).filter(({ state }) => state !== "pending").length === count,
    `${count} messages to be over`,
  );

describe("messages of alerts", { timeout: 60_000 }, () => {
  it.each([
    ["alerts.judged", 1],
    ["alerts.written", 1],
    ["alerts.claimed", 1],
    // It was taken before the server died, which nobody could write down: it comes again under the same id.
    ["alerts.sent", 2],
    ["alerts.settled", 1],
  ])("are neither lost nor doubled by a server that is killed at %s", async (point, received) => {
    await withStore(async (store, file) => {
      await using receiver = await receiveMessages();
      await store.openAlerts();
      const child = fork(join(import.meta.dirname, "alert-process.ts"), [file, receiver.url], {
        stdio: ["ignore", "ignore", "inherit", "ipc"],
        env: { ...process.env, CRASH_AT: `${point}:1` },
      });
      const exit = once(child, "exit");
      await recordRun(store, "r1", "failed");
      expect(await exit).toEqual([null, "SIGKILL"]);
      await using _ = startAlertsOf(store, receiver.url);
      await untilOver(store, 1);
      await recordRun(store, "r2", "succeeded");
      await untilOver(store, 2);
      const ids = new Set(receiver.messages.map(({ id }) => id));
      expect([ids.size, receiver.messages.length]).toEqual([2, received + 1]);
      expect(say(receiver.messages).at(-1)).toBe("resolved workflow=ship");
      expect(new Set(say(receiver.messages.slice(0, -1)))).toEqual(new Set(["firing workflow=ship"]));
    });
  });

  it("are tried again until they are taken, under the same id", async () => {
    await withStore(async (store) => {
      await using receiver = await receiveMessages((count) => (count < 3 ? 503 : 200));
      await store.openAlerts();
      await using _ = startAlertsOf(store, receiver.url);
      await recordRun(store, "r1", "failed");
      await untilOver(store, 1);
      expect(await rowsOf(store)).toMatchObject([{ state: "delivered", attempts: 3, status: 200, error: null }]);
      expect(new Set(receiver.messages.map(({ id }) => id)).size).toBe(1);
    });
  });

  it("are given up when the receiver wants none, when it was tried often enough, and when they are old", async () => {
    let shift = -8 * 86_400_000;
    await withStore(
      async (store) => {
        const message = { hook: "channel:ops", type: "alert", runId: null, body: '{"alerts":[]}' };
        await store.addDelivery({ ...message, id: "old" });
        shift = 0;
        await store.addDelivery({ ...message, id: "refused" });
        await store.addDelivery({ ...message, id: "tried" });
        const events: SenderEvent[] = [];
        const answers = [
          { ok: false, final: true, error: "it answered 410", status: 410, retryAfterMs: null },
          { ok: false, final: false, error: "it answered 503", status: 503, retryAfterMs: 1 },
        ] as const;
        let asked = 0;
        const send = async () => {
          asked += 1;
          // What a channel should not do is an answer too.
          if (asked === 3) throw new Error("it broke");
          return await Promise.resolve(answers[asked === 1 ? 0 : 1]);
        };
        const channel = { name: "ops", attempts: 3, send };
        const sender = new AlertSender({ store, channel, observe: (event) => events.push(event), firstWaitMs: 1 });
        sender.start();
        await untilOver(store, 3);
        await sender.stop(1_000);
        const ends = (await rowsOf(store)).map(({ id, state, attempts, error }) => [id, state, attempts, error]);
        expect(ends.toReversed()).toEqual([
          ["old", "dead", 1, "it is older than 7 days"],
          ["refused", "dead", 1, "it answered 410"],
          ["tried", "dead", 3, "it answered 503"],
        ]);
        expect(events.filter(({ kind }) => kind === "attempted").length).toBe(5);
      },
      () => Date.now() + shift,
    );
  });
});
