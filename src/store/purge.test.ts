import { DatabaseSync } from "node:sqlite";
import { statSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "./audit-contract.ts";
import type { SqliteStore } from "./open-store.ts";
import type { PurgeBounds } from "./purge-contract.ts";
import { deadOwner, eventOf, livingOwner, newRun, rowOf, withStore } from "./store-fixture.ts";

const bounds: PurgeBounds = { endedBefore: 1_000, belowPosition: 1_000_000, owedSince: 0 };

/** Records a run that is over (at 2, as the fixture has it), with some events. */
async function endRun(store: SqliteStore, id: string, state = "succeeded", events = 3): Promise<number> {
  const owner = livingOwner();
  await store.heartbeat(owner, Date.now() + 60_000);
  const { position, fence } = await store.createRun(newRun(id, owner, { admitBelow: 1_000_000 }));
  const more = Array.from({ length: Math.max(1, events - 2) }, (_, n) =>
    eventOf(`step.${n}`, { text: "x".repeat(50) }),
  );
  await store.append(id, more, { expectedRunSeq: 2, fence, row: rowOf(state), release: true });
  await store.removeOwner(owner);
  return position;
}

async function purgeAll(store: SqliteStore, positions: readonly number[], limit = 1_000): Promise<string[]> {
  const purged = await store.purgeRuns(positions, bounds);
  while ((await store.purgeEvents(positions, limit)) >= limit);
  return purged.map(({ id }) => id);
}

/** All that a file holds, table by table. */
function dump(file: string): Record<string, unknown[]> {
  const db = new DatabaseSync(file, { readOnly: true });
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all() as { name: string }[];
  const tables = names.map(({ name }) => [name, db.prepare(`SELECT * FROM "${name}"`).all()] as const);
  db.close();
  return Object.fromEntries(tables);
}

describe("forgetting runs", () => {
  it("takes a run with its events and leaves all else as it was, byte by byte", async () => {
    await withStore(async (store, file) => {
      const first = await endRun(store, "aaaaaaaaaa");
      await endRun(store, "bbbbbbbbbb", "failed");
      await endRun(store, "cccccccccc");
      const before = dump(file);
      expect(await purgeAll(store, [first], 2)).toEqual(["aaaaaaaaaa"]);
      const after = dump(file);
      const isOther = (row: unknown): boolean => {
        const { run, position } = row as { run?: number; position?: number };
        return run !== first && position !== first;
      };
      // That something was forgotten is known.
      after["meta"] = after["meta"]?.filter((row) => (row as { key: string }).key !== "forgottenUpTo") ?? [];
      for (const [table, rows] of Object.entries(before)) expect(after[table], table).toEqual(rows.filter(isOther));
      expect(await store.getRun("aaaaaaaaaa")).toBeNull();
      expect(await store.readEvents("aaaaaaaaaa")).toEqual([]);
      expect(await store.readEvents("bbbbbbbbbb")).toHaveLength(3);
      store.checkIntegrity();
    });
  });

  it("lets nothing go that is going on, owned, too young, out of bounds, or has the newest event", async () => {
    await withStore(async (store) => {
      const owner = livingOwner();
      await store.heartbeat(owner, Date.now() + 60_000);
      const { position: running } = await store.createRun(newRun("running000", owner));
      const { position: queued } = await store.createRun(newRun("queued0000", owner, { owner: null, start: null }));
      const retried = await endRun(store, "retried000");
      await store.claimRun("retried000", owner);
      const brokenOff = await endRun(store, "brokenoff0");
      await store.claimRun("brokenoff0", deadOwner());
      const good = await endRun(store, "good000000");
      const newest = await endRun(store, "newest0000");
      const all = [running, queued, retried, brokenOff, good, newest, 77];
      expect(await store.purgeRuns(all, { ...bounds, endedBefore: 2 })).toEqual([]);
      expect(await store.purgeRuns(all, { ...bounds, belowPosition: good })).toEqual([
        { position: brokenOff, id: "brokenoff0" },
      ]);
      expect(await store.purgeRuns(all, bounds)).toEqual([{ position: good, id: "good000000" }]);
      expect((await store.listRuns({ limit: 10 })).map(({ id }) => id)).toEqual([
        "newest0000",
        "retried000",
        "queued0000",
        "running000",
      ]);
    });
  });

  it("keeps what a follower of the journal has not been told of, and followers go on over the gap", async () => {
    await withStore(async (store) => {
      await store.startCursor("chat");
      const told = await endRun(store, "told000000");
      const { upTo } = await store.readJournal(0, ["run.created"], 100);
      await store.advanceCursor("chat", 0, upTo, []);
      const untold = await endRun(store, "untold0000");
      await endRun(store, "newest0000");
      expect(await store.purgeRuns([told, untold], bounds)).toHaveLength(1);
      await store.purgeEvents([told], 100);
      const cursor = await store.startCursor("chat");
      expect(cursor).toBe(upTo);
      const rest = await store.readJournal(cursor, ["run.created"], 100);
      expect(rest.entries.map(({ runId }) => runId)).toEqual(["untold0000", "newest0000"]);
      // From the beginning, too: the numbers have a gap, and the way goes over it.
      expect((await store.readJournal(0, ["run.created"], 2)).upTo).toBeGreaterThan(upTo);
      // Who was not there for long is owed nothing.
      await store.saveProjection("counts", null, { seq: 1, body: "" });
      expect(await store.purgeRuns([untold], bounds)).toEqual([]);
      expect(await store.purgeRuns([untold], { ...bounds, owedSince: 3 })).toHaveLength(1);
    });
  });

  it("says which runs are gone and not swept, and still knows their plan until their events are gone", async () => {
    await withStore(async (store) => {
      const position = await endRun(store, "aaaaaaaaaa", "succeeded", 40);
      await endRun(store, "newest0000");
      await store.purgeRuns([position], bounds);
      expect(await store.listPurged(10)).toEqual([{ position, id: "aaaaaaaaaa" }]);
      expect((await store.sortRunIds(["aaaaaaaaaa", "stranger00", "newest0000"])).unknown).toEqual(["stranger00"]);
      expect(await store.purgeEvents([position], 39)).toBe(39);
      expect(await store.readPurgedPlan(position)).toEqual({ id: "aaaaaaaaaa" });
      expect(await store.purgeEvents([position], 39)).toBe(1);
      expect(await store.listPurged(10)).toEqual([]);
    });
  });

  it("gives no number and no place twice", async () => {
    await withStore(async (store) => {
      const positions: number[] = [];
      for (const id of ["aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc"]) positions.push(await endRun(store, id));
      const { upTo } = await store.readJournal(0, [], 1_000);
      await purgeAll(store, positions);
      const next = await endRun(store, "dddddddddd");
      expect(next).toBeGreaterThan(Math.max(...positions));
      expect((await store.readEvents("dddddddddd"))[0]?.seq).toBeGreaterThan(upTo);
    });
  });

  it("keeps the file from growing however many runs come and go", async () => {
    await withStore(async (store, file) => {
      const sizes: number[] = [];
      using db = new DatabaseSync(file, { readOnly: true });
      let kept: number[] = [];
      for (let round = 0; round < 12; round += 1) {
        const made = await Promise.all(
          Array.from(
            { length: 60 },
            async (_, n) => await endRun(store, String(round * 100 + n).padStart(10, "0"), "failed", 20),
          ),
        );
        await purgeAll(store, kept);
        kept = made;
        sizes.push((db.prepare("PRAGMA page_count").get() as { page_count: number }).page_count);
        // SQLite moves its log into the file at 1,000 pages, and begins it anew.
        expect(statSync(`${file}-wal`).size).toBeLessThan(2 * 1_000 * 4_096);
      }
      // What is free is used again: after the first rounds there is enough of it.
      const settled = Math.max(...sizes.slice(3, 6));
      expect(Math.max(...sizes.slice(6))).toBeLessThanOrEqual(settled * 1.1);
      expect(await store.readFreeBytes()).toBeGreaterThan(0);
    });
  });

  it("takes in any order and in any parts exactly what it was given", async () => {
    const numRuns = Number(process.env["FUZZ_RUNS"] ?? 10);
    const story = fc.record({
      runs: fc.array(fc.record({ events: fc.integer({ min: 3, max: 12 }), goes: fc.boolean() }), { maxLength: 8 }),
      part: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(story, async ({ runs, part }) => {
        await withStore(async (store) => {
          const positions: number[] = [];
          for (const [n, { events }] of runs.entries())
            positions.push(await endRun(store, String(n).padStart(10, "0"), "failed", events));
          await endRun(store, "newest0000");
          const going = positions.filter((_, n) => runs[n]?.goes);
          await purgeAll(store, going, part);
          for (const [n, { events, goes }] of runs.entries()) {
            const found = await store.readEvents(String(n).padStart(10, "0"));
            expect(found).toHaveLength(goes ? 0 : events);
          }
          const { entries } = await store.readJournal(0, ["run.created"], 1_000);
          expect(entries).toHaveLength(1 + runs.filter(({ goes }) => !goes).length);
          store.checkIntegrity();
        });
      }),
      { numRuns },
    );
  });
});

const entryAt = (time: number): AuditEntry => ({
  time,
  actor: "user:dana",
  action: "runs:start",
  resource: "workflow:w",
  decision: "allowed",
  reason: "role admin",
  requestId: `q${time}`,
  from: "cli",
  before: null,
  after: null,
});

/** Drops all that is older than a time, as a purge does. */
async function dropOlder(store: SqliteStore, before: number, limit = 100): Promise<number> {
  const old = await store.listOldAudit(before, limit);
  const last = old.at(-1);
  if (last === undefined) return 0;
  const from = await store.readAuditBase();
  const entry = { time: before, actor: "user:dana", reason: "a test", requestId: "r", from: "cli" };
  const upTo = { seq: last.seq, hash: last.hash };
  expect(await store.dropAudit({ from, upTo, file: "f", sha256: "s", entry })).toBe(true);
  // Somebody who was slower does nothing.
  expect(await store.dropAudit({ from, upTo, file: "f", sha256: "s", entry })).toBe(false);
  return old.length;
}

describe("forgetting the beginning of the audit trail", () => {
  it("leaves a trail that is valid, says where it begins, and goes on", async () => {
    await withStore(async (store) => {
      for (let n = 1; n <= 10; n += 1) await store.appendAudit(entryAt(n * 10));
      const kept = (await store.listAudit({ limit: 1, afterSeq: 6 }))[0];
      expect(await dropOlder(store, 65)).toBe(6);
      expect(await store.verifyAudit()).toMatchObject({ valid: true, entries: 5, head: { seq: 11 } });
      expect((await store.listAudit({ limit: 100 })).map(({ seq }) => seq)).toEqual([7, 8, 9, 10, 11]);
      const said = (await store.listAudit({ limit: 1, newestFirst: true }))[0];
      expect(said).toMatchObject({ action: "state:purge", resource: "audit", after: { entries: 6, file: "f" } });
      await store.appendAudit(entryAt(200));
      // Once more, over the entry that said where it began.
      expect(await dropOlder(store, 1_000)).toBe(5);
      expect(await store.verifyAudit()).toMatchObject({ valid: true, entries: 2, head: { seq: 13 } });
      expect(await store.verifyAudit({ anchor: await store.readAuditBase() })).toMatchObject({ valid: true });
      await expect(store.verifyAudit({ anchor: { seq: 7, hash: kept?.hash ?? "" } })).rejects.toThrow(/was purged/);
      expect(await store.verifyAudit({ anchor: { seq: 11, hash: "0".repeat(64) } })).toMatchObject({ valid: false });
    });
  });

  it("never takes the newest entry, nor a young one before old ones", async () => {
    await withStore(async (store) => {
      expect(await store.listOldAudit(1_000, 10)).toEqual([]);
      for (const time of [10, 500, 20, 30]) await store.appendAudit(entryAt(time));
      expect(await store.listOldAudit(100, 10)).toHaveLength(1);
      expect(await store.listOldAudit(1_000, 10)).toHaveLength(3);
      expect(await store.listOldAudit(1_000, 2)).toHaveLength(2);
    });
  });

  it.each([
    ["an entry that is left is edited", "UPDATE audit SET actor = 'user:eve' WHERE seq = 8", "edited"],
    [
      "more is cut off without a word",
      "DELETE FROM audit WHERE seq = 7; UPDATE meta SET value = 'BASE' WHERE key = 'auditBase'",
      "removed",
    ],
    ["the first entry that is left goes", "DELETE FROM audit WHERE seq = 7", "removed"],
    ["what was purged is forgotten", "DELETE FROM meta WHERE key = 'auditBase'", "removed"],
    ["the last entry goes", "DELETE FROM audit WHERE seq = 11", "truncated"],
  ])("is found out afterwards when %s", async (_, sql, kind) => {
    await withStore(async (store, file) => {
      for (let n = 1; n <= 10; n += 1) await store.appendAudit(entryAt(n * 10));
      const seventh = (await store.listAudit({ limit: 1, afterSeq: 6 }))[0];
      await dropOlder(store, 65);
      const db = new DatabaseSync(file);
      expect(() => db.exec("DELETE FROM audit WHERE seq = 7")).toThrow(/append-only/);
      db.exec("DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_text");
      db.exec(sql.replace("BASE", `7:${seventh?.hash}`));
      db.close();
      const verdict = await store.verifyAudit();
      expect(verdict).toMatchObject({ valid: false, firstProblem: { kind } });
    });
  });
});

describe("what has expired", () => {
  it("goes in parts, and nothing that is young goes with it", async () => {
    const day = 86_400_000;
    let time = 1_000 * day;
    await withStore(
      async (store, file) => {
        const db = new DatabaseSync(file);
        const insert = db.prepare(
          "INSERT INTO webhook_delivery(id, hook, type, body, created_at, state, attempts, due_at, ended_at) VALUES(?, 'h', 't', '', 0, ?, 1, 0, ?)",
        );
        for (let n = 0; n < 5; n += 1) insert.run(`old${n}`, "delivered", time - 31 * day);
        insert.run("young", "dead", time - day);
        insert.run("waits", "pending", null);
        db.prepare("INSERT INTO webhook_receipt VALUES('h', 'm', 1, ?), ('h', 'n', 1, ?)").run(time - 1, time + 1);
        db.close();
        expect(await store.countExpired()).toEqual({ deliveries: 5, receipts: 1, sessions: 0, tokens: 0 });
        expect(await store.purgeExpired(3)).toMatchObject({ deliveries: 3, receipts: 1 });
        expect(await store.purgeExpired(3)).toMatchObject({ deliveries: 2, receipts: 0 });
        time += 1;
        const left = await store.listDeliveries({ limit: 10 });
        expect(left.map(({ id }) => id)).toEqual(["waits", "young"]);
      },
      () => time,
    );
  });
});
