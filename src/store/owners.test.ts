import { describe, expect, it } from "vitest";
import type { Owner, Store } from "./contract.ts";
import { deadOwner, eventOf, livingOwner, newRun, rowOf, startStoreProcess, withStore } from "./store-fixture.ts";

const hour = 3_600_000;

/** A store whose clock is turned by hand, with owners that the store knows until 10,000. */
async function withClock(
  body: (store: Store, clock: { time: number }, known: (owner?: Owner) => Promise<Owner>) => Promise<void>,
): Promise<void> {
  const clock = { time: 1_000 };
  await withStore(
    async (store) => {
      await body(store, clock, async (owner = livingOwner()) => {
        await store.heartbeat(owner, 10_000);
        return owner;
      });
    },
    () => clock.time,
  );
}

describe("claimRun", () => {
  it("leaves a run to its owner while the lease holds, and gives it away when it ends", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.createRun(newRun("a", first));
      clock.time = 9_999;
      expect(await store.claimRun("a", second)).toBeNull();
      clock.time = 10_000;
      expect(await store.claimRun("a", second)).toEqual({ fence: 2, position: 1 });
      await store.heartbeat(second, 20_000);
      expect(await store.claimRun("a", first)).toBeNull();
    }));

  it("gives a run away at once when its owner's process is dead, or its pid belongs to another process now", () =>
    withClock(async (store, _clock, known) => {
      const owner = await known();
      await store.createRun(newRun("a", await known(deadOwner())));
      await store.createRun(newRun("b", await known({ ...livingOwner(), startTime: "1" })));
      await store.createRun(newRun("c", await known({ ...livingOwner(), bootId: "an earlier one" })));
      for (const id of ["a", "b", "c"]) expect(await store.claimRun(id, owner)).not.toBeNull();
    }));

  it("leaves a run to an owner in another container, whose process cannot be looked at, for as long as the lease holds", () =>
    withClock(async (store, clock, known) => {
      const owner = await known();
      const elsewhere = `${owner.bootId.split("/")[0]}/pid:[1]`;
      await store.createRun(newRun("a", await known({ ...livingOwner(), startTime: "1", bootId: elsewhere })));
      expect(await store.claimRun("a", owner)).toBeNull();
      clock.time = 10_000;
      expect(await store.claimRun("a", owner)).toMatchObject({ fence: 2 });
    }));

  it("prolongs with each beat", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.createRun(newRun("a", first));
      await store.heartbeat(first, 30_000);
      clock.time = 29_999;
      expect(await store.claimRun("a", second)).toBeNull();
    }));

  it("gives a run that nobody owns, and its own, but none that does not exist", () =>
    withClock(async (store, _clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.createRun(newRun("a", first));
      expect(await store.claimRun("a", first)).toMatchObject({ fence: 2 });
      await store.removeOwner(first);
      expect((await store.getRun("a"))?.owner).toBeNull();
      expect(await store.claimRun("a", second)).toMatchObject({ fence: 3 });
      expect(await store.claimRun("b", second)).toBeNull();
    }));

  it("lets one of two processes win", () =>
    withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + hour);
      await other.call("heartbeat", other.owner, Date.now() + hour);
      for (let n = 0; n < 10; n += 1) {
        await store.createRun(newRun(`a${n}`, deadOwner()));
        const both = await Promise.all([store.claimRun(`a${n}`, owner), other.call("claimRun", `a${n}`, other.owner)]);
        expect(both.filter((claimed) => claimed !== null)).toHaveLength(1);
      }
    }));
});

describe("listOwnedRuns", () => {
  it("tells active runs with their fences, and no others", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      for (const id of ["a", "b", "c"]) await store.createRun(newRun(id, first));
      await store.append("b", [eventOf("x")], { expectedRunSeq: 2, fence: 1, row: rowOf("failed") });
      clock.time = 10_000;
      await store.claimRun("c", second);
      expect(await store.listOwnedRuns(first)).toEqual([{ runId: "a", fence: 1 }]);
      expect(await store.listOwnedRuns(second)).toEqual([{ runId: "c", fence: 2 }]);
    }));
});

describe("heartbeat", () => {
  it("forgets owners that have been silent for long, who may come back", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.createRun(newRun("a", first));
      clock.time = 2 * hour;
      await store.heartbeat(second, 3 * hour);
      expect((await store.getRun("a"))?.owner).toBeNull();
      await store.heartbeat(first, 3 * hour);
      expect((await store.getRun("a"))?.owner?.id).toBe(first.id);
      expect(await store.claimRun("a", second)).toBeNull();
    }));
});

describe("holdStepSlots", () => {
  it("gives at most the limit to all together, and says what others want", () =>
    withClock(async (store, _clock, known) => {
      const [first, second, third] = [await known(), await known(), await known()];
      expect(await store.holdStepSlots(first, 5, 8)).toEqual({ held: 5, sharers: 1, starving: 0 });
      expect(await store.holdStepSlots(second, 5, 8)).toEqual({ held: 3, sharers: 2, starving: 0 });
      expect(await store.holdStepSlots(third, 1, 8)).toEqual({ held: 0, sharers: 3, starving: 0 });
      expect(await store.holdStepSlots(first, 4, 8)).toEqual({ held: 4, sharers: 3, starving: 1 });
      expect(await store.holdStepSlots(third, 1, 8)).toMatchObject({ held: 1 });
      expect(await store.holdStepSlots(second, 5, 8)).toMatchObject({ held: 3 });
    }));

  it("frees the slots of an owner that has died, whose lease has ended, or that has gone", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.holdStepSlots(await known(deadOwner()), 8, 8);
      expect(await store.holdStepSlots(first, 8, 8)).toMatchObject({ held: 8, sharers: 1 });
      clock.time = 10_000;
      expect(await store.holdStepSlots(second, 8, 8)).toMatchObject({ held: 8, sharers: 1 });
      await store.heartbeat(second, 20_000);
      await store.removeOwner(second);
      const third = livingOwner();
      await store.heartbeat(third, 20_000);
      expect(await store.holdStepSlots(third, 8, 8)).toMatchObject({ held: 8, sharers: 1 });
    }));

  it("does not give an owner that slept through its lease the slots back that others took", () =>
    withClock(async (store, clock, known) => {
      const [sleeper, other] = [await known(), await known()];
      await store.holdStepSlots(sleeper, 8, 8);
      clock.time = 10_000;
      await store.heartbeat(other, 20_000);
      expect(await store.holdStepSlots(other, 6, 8)).toMatchObject({ held: 6 });
      await store.heartbeat(sleeper, 20_000);
      expect(await store.holdStepSlots(other, 7, 8)).toMatchObject({ held: 7 });
      expect(await store.holdStepSlots(sleeper, 8, 8)).toMatchObject({ held: 1 });
    }));

  it("comes free when a process is killed", () =>
    withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + hour);
      await other.call("heartbeat", other.owner, Date.now() + hour);
      await other.call("holdStepSlots", other.owner, 8, 8);
      expect(await store.holdStepSlots(owner, 1, 8)).toMatchObject({ held: 0 });
      other.signal("SIGKILL");
      await expect.poll(() => store.holdStepSlots(owner, 8, 8)).toMatchObject({ held: 8 });
    }));
});

describe("requests", () => {
  const wish = { actor: "local:dana", reason: "wrong branch", time: 5, atOnce: true };

  it("reach the run's owner and nobody else, until they are answered", () =>
    withClock(async (store, _clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.createRun(newRun("a", first));
      await store.requestCancel({ runId: "a", ...wish });
      const [request] = await store.listRequests(first);
      expect(request).toEqual({ id: 1, runId: "a", kind: "cancel", ...wish });
      expect(await store.listRequests(second)).toEqual([]);
      await store.append("a", [], { expectedRunSeq: 2, fence: 1, answers: request?.id ?? 0 });
      expect(await store.listRequests(first)).toEqual([]);
    }));

  it("pass over to whoever takes the run over", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      await store.createRun(newRun("a", first));
      await store.requestCancel({ runId: "a", ...wish });
      clock.time = 10_000;
      await store.claimRun("a", second);
      expect(await store.listRequests(second)).toHaveLength(1);
    }));

  it("end with the run: a later round is not cancelled by them", () =>
    withClock(async (store, _clock, known) => {
      const owner = await known();
      await store.createRun(newRun("a", owner));
      await store.requestCancel({ runId: "a", ...wish });
      await store.append("a", [eventOf("x")], { expectedRunSeq: 2, fence: 1, row: rowOf("succeeded"), release: true });
      await store.requestCancel({ runId: "a", ...wish });
      await store.claimRun("a", owner);
      expect(await store.listRequests(owner)).toEqual([]);
    }));
});

describe("dataVersion", () => {
  it("changes when another process writes, and not by own writes", () =>
    withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      const before = store.dataVersion();
      await store.heartbeat(livingOwner(), 1);
      expect(store.dataVersion()).toBe(before);
      await other.call("heartbeat", other.owner, 1);
      expect(store.dataVersion()).not.toBe(before);
    }));
});

describe("listUnowned", () => {
  const ids = async (store: Store, limit = 10): Promise<string[]> =>
    (await store.listUnowned(limit)).map(({ runId, state }) => `${runId} ${state}`);
  const end = (row: string) => ({ expectedRunSeq: 2, fence: 1, row: rowOf(row), release: true });

  it("names what nobody who lives owns, begun before waiting, in the order of creation", () =>
    withClock(async (store, clock, known) => {
      const [living, dead, asleep] = [await known(), await known(deadOwner()), livingOwner()];
      await store.heartbeat(asleep, 2_000);
      await store.createRun({ ...newRun("detached1", living), owner: null, start: null });
      await store.createRun(newRun("dead", dead));
      await store.createRun(newRun("mine", living));
      await store.createRun(newRun("asleep", asleep));
      await store.createRun({ ...newRun("detached2", living), owner: null, start: null });
      await store.createRun(newRun("waiting", dead, { admitBelow: 0 }));
      expect(await ids(store)).toEqual(["dead running", "detached1 queued", "detached2 queued", "waiting queued"]);
      expect(await ids(store, 1)).toEqual(["dead running", "detached1 queued"]);
      clock.time = 2_000;
      expect(await ids(store, 2)).toEqual(["dead running", "asleep running", "detached1 queued", "detached2 queued"]);
      await store.claimRun("detached1", living);
      await store.append("mine", [eventOf("run.released")], end("running"));
      expect(await ids(store, 2)).toEqual(["dead running", "mine running", "detached2 queued", "waiting queued"]);
    }));

  it("names neither what is over nor what a person has paused, and also runs of owners that are forgotten", () =>
    withClock(async (store, clock, known) => {
      const [living, silent] = [await known(), await known()];
      for (const state of ["failed", "paused", "cancelling"]) {
        await store.createRun(newRun(state, living));
        await store.append(state, [eventOf("x")], end(state));
      }
      await store.createRun(newRun("forgotten", silent));
      clock.time = 10_000 + hour + 1;
      await known();
      expect(await ids(store)).toEqual(["cancelling cancelling", "forgotten running"]);
    }));
});

describe("listServers", () => {
  it("names owners that live and last said that they are servers", () =>
    withClock(async (store, clock, known) => {
      const [first, second] = [await known(), await known()];
      const names = async (): Promise<string[]> => (await store.listServers()).map(({ id }) => id);
      expect(await names()).toEqual([]);
      await store.heartbeat(first, 20_000, "server");
      await store.heartbeat(deadOwner(), 20_000, "server");
      expect(await names()).toEqual([first.id]);
      await store.heartbeat(second, 30_000, "server");
      clock.time = 20_000;
      expect(await names()).toEqual([second.id]);
      await store.heartbeat(second, 30_000);
      expect(await names()).toEqual([]);
    }));
});
