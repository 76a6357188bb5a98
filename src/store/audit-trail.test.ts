import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { AuditEntry } from "./contract.ts";
import { withStore } from "./store-fixture.ts";

const entry: AuditEntry = {
  time: 1,
  actor: "local:dana",
  action: "runs:start",
  resource: "workflow:w",
  decision: "allowed",
  reason: "role admin",
  requestId: "q",
};

describe("the audit trail", () => {
  it("keeps entries in order, page by page", () =>
    withStore(async (store) => {
      const actions = ["a", "b", "c"];
      await Promise.all(actions.map((action) => store.appendAudit({ ...entry, action })));
      expect(await store.listAudit({ limit: 2 })).toEqual([
        { ...entry, action: "a", seq: 1 },
        { ...entry, action: "b", seq: 2 },
      ]);
      expect(await store.listAudit({ afterSeq: 2, limit: 2 })).toEqual([{ ...entry, action: "c", seq: 3 }]);
    }));

  it("lets nobody change or remove an entry", () =>
    withStore(async (store, file) => {
      await store.appendAudit(entry);
      const db = new DatabaseSync(file);
      expect(() => db.exec("UPDATE audit SET actor = 'somebody else'")).toThrow(/append-only/);
      expect(() => db.exec("DELETE FROM audit")).toThrow(/append-only/);
      expect(() => db.exec("INSERT OR REPLACE INTO audit SELECT * FROM audit")).toThrow(/append-only/);
      db.close();
      expect(await store.listAudit({ limit: 9 })).toEqual([{ ...entry, seq: 1 }]);
    }));
});
