import { describe, expect, it } from "vitest";
import { parseRunFilter } from "../selectors/run-filter.ts";
import type { RunQuery, Store } from "../store/contract.ts";
import { livingOwner, newRun, withStore } from "../store/store-fixture.ts";
import { findRuns } from "./find-runs.ts";

const count = 300;
const rare = { filters: [parseRunFilter("workflow:rare", "filter")] };

/** A store with many runs: the first, the 150th and the last are rare. What is asked of it is counted. */
async function withRuns(body: (store: Store, asked: RunQuery[]) => Promise<void>): Promise<void> {
  await withStore(async (store) => {
    const owner = livingOwner();
    await store.heartbeat(owner, Date.now() + 3_600_000);
    const rares = new Set([1, 150, count]);
    await Promise.all(
      Array.from({ length: count }, async (_, n) => {
        const workflow = rares.has(n + 1) ? "rare" : "w";
        await store.createRun(newRun(`r${n + 1}`, owner, { workflow }));
      }),
    );
    const asked: RunQuery[] = [];
    const counted: Store = {
      ...store,
      listRuns: async (query) => {
        asked.push(query);
        return await store.listRuns(query);
      },
    };
    await body(counted, asked);
  });
}

const still = { clock: () => 0 };

describe("findRuns", () => {
  it("finds what is rare in a few goes, and tells the end", () =>
    withRuns(async (store, asked) => {
      const { rows, next } = await findRuns(store, { ...rare, limit: 9 }, still);
      expect([rows.map(({ id }) => id), next]).toEqual([["r300", "r150", "r1"], null]);
      expect(asked.length).toBeLessThan(6);
    }));

  it("takes one look where nothing is left out", () =>
    withRuns(async (store, asked) => {
      const { rows, next } = await findRuns(store, { limit: 20, beforePosition: 100 }, still);
      expect([rows.length, next]).toEqual([20, 80]);
      expect(asked).toEqual([{ limit: 21, beforePosition: 100 }]);
    }));

  it("goes on behind the last one that was shown", () =>
    withRuns(async (store) => {
      const first = await findRuns(store, { ...rare, limit: 2 }, still);
      expect([first.rows.map(({ id }) => id), first.next]).toEqual([["r300", "r150"], 150]);
      const second = await findRuns(store, { ...rare, limit: 2, beforePosition: 150 }, still);
      expect([second.rows.map(({ id }) => id), second.next]).toEqual([["r1"], null]);
    }));

  it("stops after its time with what it has, in smaller goes where they are slow, and loses nothing", () =>
    withRuns(async (store, asked) => {
      let time = 0;
      const clock = (): number => (time += 30);
      const ids: string[] = [];
      let pages = 0;
      for (let before: number | null = Number.MAX_SAFE_INTEGER; before !== null; pages += 1) {
        const part = await findRuns(store, { ...rare, limit: 9, beforePosition: before }, { clock });
        ids.push(...part.rows.map(({ id }) => id));
        before = part.next;
      }
      expect(ids).toEqual(["r300", "r150", "r1"]);
      expect(pages).toBeGreaterThan(2);
      const sizes = asked.flatMap(({ beforePosition = 0, fromPosition }) =>
        fromPosition === undefined ? [] : [beforePosition - fromPosition],
      );
      expect(Math.max(...sizes)).toBe(64);
      expect(sizes).toContain(16);
    }));

  it("is over at once for a cursor beyond all runs, for no runs, and for one who has gone", async () => {
    await withRuns(async (store, asked) => {
      const far = await findRuns(store, { ...rare, limit: 9, beforePosition: 999_999_999_999_999 }, still);
      expect(far.rows).toHaveLength(3);
      expect(asked.length).toBeLessThan(6);
      await expect(findRuns(store, { ...rare, limit: 9 }, { signal: AbortSignal.abort() })).rejects.toThrow("abort");
    });
    await withStore(async (store) => {
      expect(await findRuns(store, { ...rare, limit: 9 }, still)).toEqual({ rows: [], next: null });
    });
  });
});
