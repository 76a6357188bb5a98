import { describe, expect, it } from "vitest";
import { counts, deadOwner, eventOf, livingOwner, newRun, rowOf, withStore } from "./store-fixture.ts";

describe("projections", () => {
  it("are kept by whoever stands where the one before stood", async () => {
    await withStore(async (store) => {
      expect(await store.readProjection("counts")).toBeNull();
      expect(await store.saveProjection("counts", null, { seq: 4, body: "a" })).toBe(true);
      expect(await store.saveProjection("counts", null, { seq: 5, body: "b" })).toBe(false);
      expect(await store.saveProjection("counts", 3, { seq: 5, body: "b" })).toBe(false);
      expect(await store.saveProjection("counts", 4, { seq: 6, body: "c" })).toBe(true);
      expect(await store.readProjection("counts")).toEqual({ seq: 6, body: "c" });
      expect(await store.readProjection("others")).toBeNull();
    });
  });

  it("are made of facts, in parts", async () => {
    await withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      await store.createRun(newRun("aaaaaaaaaa", owner));
      const ended = eventOf("step.finished", { state: "failed", failure: "timeout", outputs: { a: "b" } });
      await store.append("aaaaaaaaaa", [ended, eventOf("run.finished", { state: "failed" })], {
        expectedRunSeq: 2,
        fence: 1,
      });
      const first = await store.readFacts(0, ["run.started", "step.finished", "run.finished"], 3);
      const base = { runId: "aaaaaaaaaa", workflow: "w", createdAt: 1, time: 1, state: null, failure: null };
      expect(first).toEqual({
        upTo: 3,
        facts: [
          { ...base, seq: 2, type: "run.started" },
          { ...base, seq: 3, type: "step.finished", state: "failed", failure: "timeout" },
        ],
      });
      const second = await store.readFacts(3, ["run.finished"], 100);
      expect(second).toEqual({ upTo: 4, facts: [{ ...base, seq: 4, type: "run.finished", state: "failed" }] });
      expect(await store.readFacts(4, ["run.finished"], 100)).toEqual({ upTo: 4, facts: [] });
      expect(await store.findRuns(["aaaaaaaaaa", "bbbbbbbbbb"])).toEqual(new Set(["aaaaaaaaaa"]));
    });
  });
});

describe("readWorkload", () => {
  it("tells what waits since when, what goes on, and what nobody owns", async () => {
    await withStore(async (store) => {
      const none = { active: {}, oldestQueuedAt: null, runSlots: 0, stepSlots: 0 };
      expect(await store.readWorkload()).toEqual(none);
      const [owner, dead] = [livingOwner(), deadOwner()];
      const lease = Date.now() + 60_000;
      await store.heartbeat(owner, lease);
      await store.heartbeat(dead, lease);
      await store.createRun(newRun("running", owner));
      await store.createRun(newRun("lost", dead));
      await store.createRun(newRun("waiting", owner, { start: null }));
      const created = { ...eventOf("run.created"), time: 500 };
      await store.createRun(newRun("detached", owner, { owner: null, start: null, events: [created] }));
      await store.createRun(newRun("over", owner, { row: { ...rowOf("succeeded"), counts }, start: null }));
      await store.holdStepSlots(owner, 3, 8);
      expect(await store.readWorkload()).toEqual({
        active: { running: 1, interrupted: 1, queued: 2 },
        oldestQueuedAt: 1,
        runSlots: 1,
        stepSlots: 3,
      });
      // Tried again, a run has waited since then, however old it is.
      await store.append("waiting", [{ ...eventOf("run.retried"), time: 900 }], { expectedRunSeq: 1, fence: 1 });
      await store.append("waiting", [{ ...eventOf("run.takenOver"), time: 950 }], { expectedRunSeq: 2, fence: 1 });
      expect((await store.readWorkload()).oldestQueuedAt).toBe(500);
      await store.claimRun("detached", owner);
      await store.append("detached", [{ ...eventOf("run.started"), time: 951 }], {
        expectedRunSeq: 1,
        fence: 1,
        row: rowOf("running"),
      });
      expect((await store.readWorkload()).oldestQueuedAt).toBe(900);
    });
  });
});
