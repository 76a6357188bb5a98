import { describe, expect, it } from "vitest";
import { eventOf, livingOwner, newRun, rowOf, withStore } from "./store-fixture.ts";

describe("the run directory", () => {
  it("lists newest first, by state, workflow and place", () =>
    withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      for (const [index, id] of ["a1", "a2", "b1"].entries()) {
        await store.createRun({ ...newRun(id, owner), workflow: index === 2 ? "other" : "w" });
      }
      await store.append("a1", [eventOf("x")], { expectedRunSeq: 2, fence: 1, row: rowOf("failed") });
      const ids = async (query: object): Promise<string[]> =>
        (await store.listRuns({ limit: 9, ...query })).map((row) => row.id);
      expect(await ids({})).toEqual(["b1", "a2", "a1"]);
      expect(await ids({ limit: 1 })).toEqual(["b1"]);
      expect(await ids({ states: ["failed", "partial"] })).toEqual(["a1"]);
      expect(await ids({ states: [] })).toEqual([]);
      expect(await ids({ workflow: "w" })).toEqual(["a2", "a1"]);
      expect(await ids({ beforePosition: 3, workflow: "w", states: ["running"] })).toEqual(["a2"]);
    }));

  it("finds ids by their beginnings", () =>
    withStore(async (store) => {
      const owner = livingOwner();
      for (const id of ["a1", "a2", "az", "b1"]) await store.createRun(newRun(id, owner));
      expect(await store.findRunIds("a", 9)).toEqual(["a1", "a2", "az"]);
      expect(await store.findRunIds("a", 2)).toEqual(["a1", "a2"]);
      expect(await store.findRunIds("az", 9)).toEqual(["az"]);
      expect(await store.findRunIds("c", 9)).toEqual([]);
      expect(await store.getRun("a")).toBeNull();
    }));
});
