import { DatabaseSync } from "node:sqlite";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../lib/json.ts";
import fc from "fast-check";
import type { AuditEntry } from "./audit-contract.ts";
import { migrations, applicationId } from "./migrations.ts";
import { openStore } from "./open-store.ts";
import { startStoreProcess, withFolder, withStore } from "./store-fixture.ts";

const entry: AuditEntry = {
  time: 1,
  actor: "local:dana",
  action: "runs:start",
  resource: "workflow:w",
  decision: "allowed",
  reason: "role admin",
  requestId: "q",
  from: "cli",
  before: null,
  after: null,
};
const hash = expect.stringMatching(/^[0-9a-f]{64}$/) as string;

describe("the audit trail", () => {
  it("keeps entries in order, page by page, in both directions", () =>
    withStore(async (store) => {
      const actions = ["a", "b", "c"];
      await Promise.all(actions.map((action) => store.appendAudit({ ...entry, action })));
      expect(await store.listAudit({ limit: 2 })).toEqual([
        { ...entry, action: "a", seq: 1, hash },
        { ...entry, action: "b", seq: 2, hash },
      ]);
      expect(await store.listAudit({ afterSeq: 2, limit: 2 })).toEqual([{ ...entry, action: "c", seq: 3, hash }]);
      const newest = await store.listAudit({ newestFirst: true, limit: 2 });
      expect(newest.map(({ seq }) => seq)).toEqual([3, 2]);
      const older = await store.listAudit({ newestFirst: true, beforeSeq: 2, limit: 2 });
      expect(older.map(({ seq }) => seq)).toEqual([1]);
      // As far beyond the end as a cursor can be: nothing is looked through there.
      const beyond = { newestFirst: true, beforeSeq: 999_999_999_999_999, limit: 9 };
      expect((await store.listAudit(beyond)).map(({ seq }) => seq)).toEqual([3, 2, 1]);
    }));

  it("lets nobody change or remove an entry", () =>
    withStore(async (store, file) => {
      await store.appendAudit(entry);
      const db = new DatabaseSync(file);
      expect(() => db.exec("UPDATE audit SET actor = 'somebody else'")).toThrow(/append-only/);
      expect(() => db.exec("DELETE FROM audit")).toThrow(/append-only/);
      expect(() => db.exec("INSERT OR REPLACE INTO audit SELECT * FROM audit")).toThrow(/append-only/);
      db.close();
      expect(await store.listAudit({ limit: 9 })).toEqual([{ ...entry, seq: 1, hash }]);
      expect(await store.verifyAudit()).toMatchObject({ valid: true, entries: 1 });
    }));

  it("finds by every filter, also over more entries than it looks at in one go", () =>
    withStore(async (store) => {
      const all = Array.from({ length: 4_100 }, (_, n): AuditEntry => ({
        ...entry,
        time: n,
        actor: n % 2 === 0 ? "user:ann" : "user:bo",
        action: n % 3 === 0 ? "runs:start" : "runs:cancel",
        resource: `run:${n}`,
        decision: n % 5 === 0 ? "denied" : "allowed",
      }));
      await Promise.all(all.map((each) => store.appendAudit(each)));
      const times = async (query: Parameters<typeof store.listAudit>[0]): Promise<number[]> =>
        (await store.listAudit(query)).map(({ time }) => time);
      expect(await times({ limit: 3, actor: "user:bo", action: "runs:start", decision: "denied" })).toEqual([
        15, 45, 75,
      ]);
      expect(await times({ limit: 9, resourcePrefix: "run:409" })).toEqual([409, ...range(4_090, 4_100)].slice(0, 9));
      expect(await times({ limit: 2, resourcePrefix: "run:1", newestFirst: true })).toEqual([1_999, 1_998]);
      expect(await times({ limit: 9, since: 4_097 })).toEqual([4_097, 4_098, 4_099]);
      expect(await times({ limit: 9, until: 2, newestFirst: true })).toEqual([1, 0]);
      expect(await times({ limit: 9, resourcePrefix: "%" })).toEqual([]);
      expect(await times({ limit: 9_000 })).toEqual(range(0, 4_100));
    }));

  it("keeps what changes, as it was given", () =>
    withStore(async (store) => {
      const before = { role: "viewer", scopes: ["a", null] };
      await store.appendAudit({ ...entry, before, after: false });
      expect(await store.listAudit({ limit: 9 })).toMatchObject([{ before, after: false }]);
    }));

  it("is one chain when several processes append at once", () =>
    withStore(async (store, file) => {
      await using other = await startStoreProcess(file);
      const append = async (n: number): Promise<void> => {
        const target =
          n % 2 === 0 ? store.appendAudit(entry) : other.call("appendAudit", { ...entry, actor: "user:other" });
        await target;
      };
      for (let round = 0; round < 10; round += 1) {
        await Promise.all(Array.from({ length: 20 }, (_, n) => append(n)));
      }
      const verdict = await store.verifyAudit();
      expect(verdict).toMatchObject({ valid: true, entries: 200, firstProblem: null });
      expect(await other.call("verifyAudit")).toEqual(verdict);
      expect(await other.call("readAuditHead")).toEqual(verdict.head);
      const actors = (await store.listAudit({ limit: 500 })).map(({ actor }) => actor);
      expect(actors.filter((actor) => actor === "user:other")).toHaveLength(100);
    }));

  it("chains any text and any JSON", () =>
    withStore(async (store) => {
      const texts = fc.string({ unit: "binary" });
      const anything = fc.record({
        actor: texts,
        action: texts,
        resource: texts,
        reason: texts,
        from: texts,
        after: fc.jsonValue(),
      });
      let entries = 0;
      await fc.assert(
        fc.asyncProperty(anything, async (fields) => {
          await store.appendAudit({ ...entry, ...fields, after: fields.after as Json });
          entries += 1;
          const [last] = await store.listAudit({ newestFirst: true, limit: 1 });
          expect(last?.actor).toBe(fields.actor.toWellFormed());
          expect(canonicalJson(last?.after)).toBe(canonicalJson(fields.after));
        }),
        { numRuns: Number(process.env["FUZZ_RUNS"] ?? 50) },
      );
      expect(await store.verifyAudit()).toMatchObject({ valid: true, entries });
    }));

  it("chains half a surrogate pair, which SQLite does not keep", () =>
    withStore(async (store) => {
      await store.appendAudit({ ...entry, actor: "user:\ud800x", after: { name: "\udc00" } });
      expect(await store.verifyAudit()).toMatchObject({ valid: true, entries: 1 });
    }));

  it("chains the entries of the first schema", () =>
    withFolder(async (folder) => {
      const file = join(folder, "state.db");
      const db = new DatabaseSync(file);
      db.exec(String(migrations[0]));
      db.exec(
        `INSERT INTO meta VALUES('workspaceId', 'w'); PRAGMA application_id=${applicationId}; PRAGMA user_version=1`,
      );
      const insert = db.prepare(
        "INSERT INTO audit(time, actor, action, resource, decision, reason, request_id) VALUES(?, 'local:dana', 'runs:start', 'workflow:w', 'allowed', 'role admin', 'q')",
      );
      for (let n = 1; n <= 3; n += 1) insert.run(n);
      db.close();
      await using store = openStore({ file });
      expect(await store.verifyAudit()).toMatchObject({ valid: true, entries: 3 });
      expect(await store.listAudit({ limit: 1 })).toEqual([{ ...entry, seq: 1, hash }]);
      await store.appendAudit(entry);
      const tamperer = new DatabaseSync(file);
      expect(() => tamperer.exec("UPDATE audit SET actor = 'x'")).toThrow(/append-only/);
      tamperer.exec("DROP TRIGGER audit_keeps_text; UPDATE audit SET actor = 'x' WHERE seq = 2");
      tamperer.close();
      expect(await store.verifyAudit()).toMatchObject({
        valid: false,
        entries: 1,
        firstProblem: { seq: 2, kind: "edited" },
      });
    }));
});

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, n) => from + n);
}
