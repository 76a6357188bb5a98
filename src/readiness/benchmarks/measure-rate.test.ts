import { setTimeout as delay } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { measureRate, warmUpRate } from "./measure-rate.ts";

const { signal } = new AbortController();

describe("measureRate", () => {
  it("counts what ends in each slice, and waits for what is under way at the end without counting it", async () => {
    let begun = 0;
    let ended = 0;
    const work = async (): Promise<void> => {
      begun += 1;
      await delay(30);
      ended += 1;
    };
    const rates = await measureRate({ work, workers: 3, sliceMs: 100, slices: 3, signal });
    expect(rates).toHaveLength(3);
    expect(ended).toBe(begun);
    const counted = rates.reduce((sum, rate) => sum + rate / 10, 0);
    expect(counted).toBeGreaterThan(0);
    expect(counted).toBeLessThanOrEqual(ended);
    expect(ended - counted).toBeLessThanOrEqual(3);
  });

  it("tells each worker its number, and hands on what a worker throws", async () => {
    const seen = new Set<number>();
    await measureRate({
      work: async (worker) => {
        seen.add(worker);
        await delay(1);
      },
      workers: 4,
      sliceMs: 20,
      slices: 1,
      signal,
    });
    expect(seen).toEqual(new Set([0, 1, 2, 3]));
    const failing = measureRate({
      work: () => Promise.reject(new Error("no")),
      workers: 1,
      sliceMs: 20,
      slices: 1,
      signal,
    });
    await expect(failing).rejects.toThrow("no");
    const stopped = measureRate({
      work: async () => await delay(1),
      workers: 1,
      sliceMs: 20,
      slices: 1,
      signal: AbortSignal.abort(new Error("stopped")),
    });
    await expect(stopped).rejects.toThrow("stopped");
  });
});

describe("warmUpRate", () => {
  it("ends when two windows agree", async () => {
    let done = 0;
    const work = async (): Promise<void> => {
      done += 1;
      // As many in each window, however long they take.
      await delay(done % 4 === 0 ? 60 : 0);
    };
    const rates = await warmUpRate({ work, workers: 1, signal }, { windowMs: 50, mostMs: 2_000 });
    expect(rates.length).toBeGreaterThan(1);
    expect(rates.length).toBeLessThan(40);
  });

  it("ends when its time is used up", async () => {
    let window = 0;
    const begin = performance.now();
    const work = async (): Promise<void> => {
      // Each window does half of what the one before did.
      const passed = Math.floor((performance.now() - begin) / 50);
      window = Math.max(window, passed);
      await delay(2 ** Math.min(window, 6));
    };
    const rates = await warmUpRate({ work, workers: 1, signal }, { windowMs: 50, mostMs: 200 });
    expect(rates.length).toBeGreaterThanOrEqual(2);
    expect(rates.length).toBeLessThanOrEqual(4);
  });
});
