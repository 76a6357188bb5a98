import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { mapLimited, Semaphore } from "./semaphore.ts";

describe("mapLimited", () => {
  it("keeps the order of the items and never runs more than the limit", async () => {
    let running = 0;
    let most = 0;
    const results = await mapLimited([5, 1, 3, 2, 4], 2, async (item) => {
      running += 1;
      most = Math.max(most, running);
      await delay(item);
      running -= 1;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 30, 20, 40]);
    expect(most).toBe(2);
  });

  it("begins nothing after a failure, and fails when all that had begun has ended", async () => {
    const begun: number[] = [];
    let ended = 0;
    const work = mapLimited([1, 2, 3, 4], 2, async (item) => {
      begun.push(item);
      await delay(item === 1 ? 1 : 20);
      if (item === 1) throw new Error("one failed");
      ended += 1;
    });
    await expect(work).rejects.toThrow("one failed");
    expect(begun).toEqual([1, 2]);
    expect(ended).toBe(1);
  });
});

describe("Semaphore", () => {
  it("hands permits out first come, first served", async () => {
    const semaphore = new Semaphore(1);
    const order: number[] = [];
    await Promise.all([1, 2, 3].map((n) => semaphore.run(async () => void order.push(n))));
    expect(order).toEqual([1, 2, 3]);
  });

  it("lets go of one that gives up waiting, and gives its permit to the next", async () => {
    const semaphore = new Semaphore(1);
    const giveUp = new AbortController();
    const first = semaphore.run(() => delay(20));
    const second = semaphore.run(() => Promise.resolve("never"), giveUp.signal);
    const third = semaphore.run(() => Promise.resolve("third"));
    giveUp.abort(new Error("no patience"));
    await expect(second).rejects.toThrow("no patience");
    await first;
    await expect(third).resolves.toBe("third");
  });
});
