import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { AppendOptions, Owner, Store } from "./contract.ts";
import {
  counts,
  deadOwner,
  eventOf,
  livingOwner,
  newRun,
  rowOf,
  startStoreProcess,
  withStore,
} from "./store-fixture.ts";

/** An owner that the store knows. */
async function knownOwner(store: Store, owner = livingOwner(), leaseUntil = Date.now() + 60_000): Promise<Owner> {
  await store.heartbeat(owner, leaseUntil);
  return owner;
}

const codeOf = async (work: Promise<unknown>): Promise<unknown> =>
  await work.then(
    () => "done",
    (error: { code: unknown }) => error.code,
  );

describe("createRun and append", () => {
  it("number a run's events without gaps, and the workspace's in order", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      await store.createRun(newRun("a", owner));
      await store.createRun(newRun("b", owner));
      await store.append("a", [eventOf("x"), eventOf("y")], { expectedRunSeq: 2, fence: 1 });
      const [a, b] = [await store.readEvents("a"), await store.readEvents("b")];
      expect(a.map((event) => [event.runSeq, event.type])).toEqual([
        [1, "run.created"],
        [2, "run.started"],
        [3, "x"],
        [4, "y"],
      ]);
      expect(b.map((event) => event.runSeq)).toEqual([1, 2]);
      expect([...a, ...b].map((event) => event.seq).toSorted((x, y) => x - y)).toEqual([1, 2, 3, 4, 5, 6]);
      expect(await store.readEvents("a", 3)).toMatchObject([
        { runSeq: 4, runId: "a", v: 1, actor: "local:test", data: {} },
      ]);
    }));

  it("keep the row that follows from the events, and the result of a repository", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      await store.createRun(newRun("a", owner));
      const row = { ...rowOf("succeeded"), counts: { ...counts, queued: 0, succeeded: 1 } };
      const result = { repository: "r", runId: "a", job: "j", state: "succeeded", endedAt: 5 };
      await store.append("a", [eventOf("x")], { expectedRunSeq: 2, fence: 1, row, results: [result] });
      expect(await store.getRun("a")).toMatchObject({
        ...row,
        id: "a",
        position: 1,
        owner: { id: owner.id },
        fence: 1,
      });
      await store.append("a", [], { expectedRunSeq: 3, fence: 1, results: [{ ...result, job: "k" }], release: true });
      expect(await store.lastResults()).toEqual([{ ...result, job: "k" }]);
      expect((await store.getRun("a"))?.owner).toBeNull();
    }));

  it("write nothing at the wrong place of the history, under an old fence, or without an owner", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      await store.createRun(newRun("a", owner));
      const tryTo = (options: AppendOptions): Promise<unknown> => codeOf(store.append("a", [eventOf("x")], options));
      const row = rowOf("failed");
      expect(await tryTo({ expectedRunSeq: 1, fence: 1, row })).toBe("RUN_SEQUENCE");
      expect(await tryTo({ expectedRunSeq: 3, fence: 1, row })).toBe("RUN_SEQUENCE");
      expect(await tryTo({ expectedRunSeq: 2, fence: 2, row })).toBe("RUN_OWNER_STALE");
      expect(await codeOf(store.append("none", [], { expectedRunSeq: 0, fence: 1 }))).toBe("RUN_SEQUENCE");
      await store.append("a", [], { expectedRunSeq: 2, fence: 1, release: true });
      expect(await tryTo({ expectedRunSeq: 2, fence: 1, row })).toBe("RUN_OWNER_STALE");
      expect(await store.readEvents("a")).toHaveLength(2);
      expect(await store.getRun("a")).toMatchObject({ state: "running" });
    }));

  it("let a stale owner write nothing, while its neighbours of the same commit are written", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      await store.createRun(newRun("a", await knownOwner(store, deadOwner())));
      await store.createRun(newRun("b", owner));
      const claimed = await store.claimRun("a", owner);
      expect(claimed).toEqual({ fence: 2, position: 1 });
      const commits = store.commitCount();
      const results = await Promise.all([
        codeOf(store.append("b", [eventOf("x")], { expectedRunSeq: 2, fence: 1 })),
        codeOf(store.append("a", [eventOf("stale")], { expectedRunSeq: 2, fence: 1 })),
        codeOf(store.append("a", [eventOf("new")], { expectedRunSeq: 2, fence: 2 })),
      ]);
      expect(results).toEqual(["done", "RUN_OWNER_STALE", "done"]);
      expect(store.commitCount()).toBe(commits + 1);
      expect((await store.readEvents("a", 2)).map((event) => event.type)).toEqual(["new"]);
    }));

  it("refuse what JSON cannot hold before anything is written", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      const results = await Promise.allSettled([
        store.createRun(newRun("a", owner)),
        store.createRun({ ...newRun("b", owner), events: [eventOf("x", { n: 1n })] }),
      ]);
      expect(results.map((result) => result.status)).toEqual(["fulfilled", "rejected"]);
      expect((await store.listRuns({ limit: 9 })).map((row) => row.id)).toEqual(["a"]);
    }));

  it("date a run from its first event", () =>
    withStore(async (store) => {
      await store.createRun(newRun("a", await knownOwner(store)));
      expect(await store.getRun("a")).toMatchObject({ createdAt: eventOf("run.created").time });
    }));

  it("know nothing of a run whose transaction was undone: its position is given to another run", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      // The same id twice breaks the transaction that both share.
      const twice = await Promise.allSettled([
        store.createRun(newRun("a", owner)),
        store.createRun(newRun("a", owner)),
      ]);
      expect(twice.map((result) => result.status)).toEqual(["rejected", "rejected"]);
      expect(await store.createRun(newRun("b", owner))).toMatchObject({ position: 1 });
      const stray = store.append("a", [eventOf("x")], { expectedRunSeq: 2, fence: 1, row: rowOf("failed") });
      expect(await codeOf(stray)).toBe("RUN_SEQUENCE");
      expect((await store.readEvents("b")).map((event) => event.type)).toEqual(["run.created", "run.started"]);
      await store.append("b", [eventOf("y")], { expectedRunSeq: 2, fence: 1 });
    }));

  it("name the earlier run of a known idempotency key, and write nothing", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      const first = await store.createRun({ ...newRun("a", owner), idempotencyKey: "k" });
      expect(first).toEqual({ runId: "a", created: true, started: true, fence: 1, position: 1 });
      const second = await store.createRun({ ...newRun("b", owner), idempotencyKey: "k" });
      expect(second).toMatchObject({ runId: "a", created: false, started: false });
      expect(await store.getRun("b")).toBeNull();
    }));

  it("make one run of one key that two processes use at the same moment", () =>
    withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      const owner = await knownOwner(store);
      await other.call("heartbeat", other.owner, Date.now() + 60_000);
      for (let round = 0; round < 10; round += 1) {
        const idempotencyKey = `k${round}`;
        const both = await Promise.all([
          store.createRun({ ...newRun(`a${round}`, owner), idempotencyKey }),
          other.call("createRun", { ...newRun(`b${round}`, other.owner), idempotencyKey }),
        ]);
        expect(both.filter((result) => result.created)).toHaveLength(1);
        expect(new Set(both.map((result) => result.runId)).size).toBe(1);
      }
      expect(await store.listRuns({ limit: 99 })).toHaveLength(10);
    }));

  it("find the events of a run among those of others, and miss none that is gone", () =>
    withStore(async (store, file) => {
      const owner = await knownOwner(store);
      for (const id of ["a", "b"]) await store.createRun(newRun(id, owner));
      for (let n = 2; n < 6; n += 1) {
        for (const id of ["a", "b"]) {
          await store.append(id, [eventOf(`${id}${n}`)], { expectedRunSeq: n, fence: 1 });
        }
      }
      expect((await store.readEvents("b", 2)).map((event) => event.type)).toEqual(["b2", "b3", "b4", "b5"]);
      expect(await store.readEvents("b", 6)).toEqual([]);
      expect(await store.readEvents("c")).toEqual([]);
      const db = new DatabaseSync(file);
      db.exec("DELETE FROM event WHERE type = 'b3'");
      expect(() => db.exec("DELETE FROM event")).toThrow("the newest event is kept");
      db.close();
      await expect(store.readEvents("b")).rejects.toMatchObject({ code: "STATE_DAMAGED" });
      expect(await store.readEvents("b", 4)).toHaveLength(2);
      expect(await store.readEvents("a")).toHaveLength(6);
    }));

  it("keep a journal whose events nobody can change", () =>
    withStore(async (store, file) => {
      await store.createRun(newRun("a", await knownOwner(store)));
      const db = new DatabaseSync(file);
      expect(() => db.exec("UPDATE event SET reason = 'other'")).toThrow(/append-only/);
      db.close();
    }));
});

describe("admission", () => {
  it("lets runs begin up to the limit, then oldest first as others end", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      const begun = async (id: string): Promise<boolean> =>
        (await store.createRun(newRun(id, owner, { admitBelow: 2 }))).started;
      expect([await begun("a"), await begun("b"), await begun("c"), await begun("d")]).toEqual([
        true,
        true,
        false,
        false,
      ]);
      const start = (id: string): Promise<boolean> =>
        store.append(id, [eventOf("run.started")], {
          expectedRunSeq: 1,
          fence: 1,
          admitBelow: 2,
          row: rowOf("running"),
        });
      expect([await start("d"), await start("c")]).toEqual([false, false]);
      await store.append("a", [eventOf("run.finished")], { expectedRunSeq: 2, fence: 1, row: rowOf("succeeded") });
      expect([await start("d"), await start("c")]).toEqual([false, true]);
      expect(await store.readEvents("d")).toHaveLength(1);
      await store.append("c", [eventOf("run.cancelling")], { expectedRunSeq: 2, fence: 1, row: rowOf("cancelling") });
      expect(await start("d")).toBe(false);
      await store.append("c", [eventOf("run.finished")], { expectedRunSeq: 3, fence: 1, row: rowOf("cancelled") });
      expect(await start("d")).toBe(true);
    }));

  it("counts neither runs of the dead, nor waits for them, on the same boot at once", () =>
    withStore(async (store) => {
      const dead = await knownOwner(store, deadOwner());
      const owner = await knownOwner(store);
      await store.createRun(newRun("going", dead, { admitBelow: 1 }));
      await store.createRun(newRun("waiting", dead, { admitBelow: 1 }));
      expect(await store.createRun(newRun("mine", owner, { admitBelow: 1 }))).toMatchObject({ started: true });
    }));

  it("lets runs of living owners pass a detached one until a server claims it; then it is the older one", () =>
    withStore(async (store) => {
      const [owner, server] = [await knownOwner(store), await knownOwner(store)];
      const detached = { ...newRun("detached", owner), owner: null, start: null, idempotencyKey: "k" };
      expect(await store.createRun(detached)).toEqual({
        runId: "detached",
        created: true,
        started: false,
        fence: 0,
        position: 1,
      });
      expect(await store.createRun(detached)).toMatchObject({ runId: "detached", created: false });
      expect(await store.getRun("detached")).toMatchObject({ detached: true, owner: null, fence: 0, state: "queued" });
      expect(await store.createRun(newRun("a", owner, { admitBelow: 2 }))).toMatchObject({ started: true });
      // In one transaction: what is claimed counts for what is recorded after it.
      const [claim, b] = await Promise.all([
        store.claimRun("detached", server),
        store.createRun(newRun("b", owner, { admitBelow: 2 })),
      ]);
      expect([claim, b.started]).toEqual([{ fence: 1, position: 1 }, false]);
      const options = { expectedRunSeq: 1, fence: 1, admitBelow: 2, row: rowOf("running") };
      expect(await store.append("b", [eventOf("run.started")], options)).toBe(false);
      expect(await store.append("detached", [eventOf("run.started")], options)).toBe(true);
      expect(await store.getRun("a")).toMatchObject({ detached: false });
    }));

  it("counts runs whose owner's lease has ended no more", () => {
    let time = 1_000;
    return withStore(
      async (store) => {
        const asleep = await knownOwner(store, livingOwner(), 5_000);
        const owner = await knownOwner(store, livingOwner(), 50_000);
        await store.createRun(newRun("a", asleep, { admitBelow: 1 }));
        expect(await store.createRun(newRun("b", owner, { admitBelow: 1 }))).toMatchObject({ started: false });
        time = 5_000;
        expect(
          await store.append("b", [eventOf("run.started")], {
            expectedRunSeq: 1,
            fence: 1,
            admitBelow: 1,
            row: rowOf("running"),
          }),
        ).toBe(true);
      },
      () => time,
    );
  });

  it("keeps order over two processes", () =>
    withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      const owner = await knownOwner(store);
      await other.call("heartbeat", other.owner, Date.now() + 60_000);
      await store.createRun(newRun("a", owner, { admitBelow: 1 }));
      await other.call("createRun", newRun("b", other.owner, { admitBelow: 1 }));
      await store.createRun(newRun("c", owner, { admitBelow: 1 }));
      const options = { expectedRunSeq: 1, fence: 1, admitBelow: 1, row: rowOf("running") };
      const startC = (): Promise<boolean> => store.append("c", [eventOf("run.started")], options);
      const startB = (): Promise<boolean> => other.call("append", "b", [eventOf("run.started")], options);
      await store.append("a", [], { expectedRunSeq: 2, fence: 1, row: rowOf("failed"), release: true });
      expect(await startC()).toBe(false);
      expect(await startB()).toBe(true);
      expect(await startC()).toBe(false);
      other.signal("SIGKILL");
      await expect.poll(startC).toBe(true);
    }));
});

describe("early results", () => {
  it("let what follows share the commit", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      const commits = store.commitCount();
      let follow: Promise<unknown> | undefined;
      await store.createRun({
        ...newRun("a", owner),
        early: ({ fence }) => {
          follow = store.append("a", [eventOf("x")], { expectedRunSeq: 2, fence });
        },
      });
      await follow;
      expect([(await store.readEvents("a")).length, store.commitCount()]).toEqual([3, commits + 1]);
    }));

  it("are worth nothing when the transaction is undone", () =>
    withStore(async (store) => {
      const owner = await knownOwner(store);
      await store.createRun(newRun("a", owner));
      let follow: Promise<unknown> | undefined;
      const created = store.createRun({
        ...newRun("b", owner),
        early: ({ fence }) => {
          follow = store.append("b", [eventOf("x")], { expectedRunSeq: 2, fence });
          follow.catch(() => undefined);
        },
      });
      // The same id once more breaks the whole transaction.
      const twice = store.createRun(newRun("a", owner));
      await Promise.allSettled([created, twice]);
      const ends = await Promise.allSettled([created, follow, twice]);
      expect(ends.map(({ status }) => status)).toEqual(["rejected", "rejected", "rejected"]);
      expect((await store.listRuns({ limit: 9 })).map(({ id }) => id)).toEqual(["a"]);
      // Numbers and places that were given out in it are not believed afterwards.
      await store.append("a", [eventOf("y")], { expectedRunSeq: 2, fence: 1 });
      expect((await store.readEvents("a")).map(({ runSeq, type }) => `${runSeq} ${type}`)).toEqual([
        "1 run.created",
        "2 run.started",
        "3 y",
      ]);
    }));
});
