import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chainHash, type ChainedFields } from "./audit-chain.ts";
import type { AuditEntry, AuditHead, AuditVerdict } from "./audit-contract.ts";
import { openStore } from "./open-store.ts";
import { withFolder } from "./store-fixture.ts";

const entries = 12;
let folder: string;
let file: string;
let head: AuditHead;

/** A trail of which every test gets a copy. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "chain-"));
  file = join(folder, "state.db");
  await using store = openStore({ file });
  for (let n = 1; n <= entries; n += 1) await store.appendAudit(entryOf(n));
  head = (await store.verifyAudit()).head;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function entryOf(n: number): AuditEntry {
  return {
    time: 1_000 + n,
    actor: `user:${n}`,
    action: "access:write",
    resource: `token:${n}`,
    decision: n % 3 === 0 ? "denied" : "allowed",
    reason: "role admin",
    requestId: `q${n}`,
    from: "192.0.2.7",
    before: { n },
    after: n % 2 === 0 ? { n: n + 1 } : null,
  };
}

/** What somebody does who can write the file, and what verifying says then. */
async function tamper(
  act: (db: DatabaseSync) => void,
  options: { readonly anchor?: AuditHead; readonly appended?: number } = {},
): Promise<AuditVerdict> {
  return await withFolder(async (place) => {
    const copy = join(place, "state.db");
    copyFileSync(file, copy);
    const db = new DatabaseSync(copy);
    db.exec(
      "DROP TRIGGER audit_keeps_rows; DROP TRIGGER audit_keeps_text; DROP TRIGGER audit_keeps_places; DROP TRIGGER audit_moves_head",
    );
    act(db);
    // Put back, as an attacker would who wants to be found late.
    db.exec(
      "CREATE TRIGGER audit_moves_head AFTER INSERT ON audit BEGIN UPDATE meta SET value = NEW.seq || ':' || NEW.hash WHERE key = 'auditHead'; END",
    );
    db.close();
    await using store = openStore({ file: copy });
    for (let n = 0; n < (options.appended ?? 0); n += 1) await store.appendAudit(entryOf(100 + n));
    const { anchor } = options;
    return await store.verifyAudit(anchor === undefined ? {} : { anchor });
  });
}

const places = fc.integer({ min: 1, max: entries });
const twoPlaces = fc.tuple(places, places).filter(([a, b]) => a !== b);
const runs = { numRuns: Number(process.env["FUZZ_RUNS"] ?? 30) };

function moveTo(db: DatabaseSync, order: readonly number[], from = 1): void {
  const move = db.prepare("UPDATE audit SET seq = ? WHERE seq = ?");
  order.forEach((old, index) => move.run(1_000 + from + index, old));
  order.forEach((_, index) => move.run(from + index, 1_000 + from + index));
}

function setHead(db: DatabaseSync, value: string): void {
  db.prepare("UPDATE meta SET value = ? WHERE key = 'auditHead'").run(value);
}

describe("verifying the audit trail", () => {
  it("finds nothing where nothing was done", async () => {
    expect(await tamper(() => {})).toEqual({ valid: true, entries, head, firstProblem: null });
    expect(await tamper(() => {}, { anchor: head, appended: 3 })).toMatchObject({ valid: true, entries: entries + 3 });
    expect(await tamper(() => {}, { anchor: { seq: 0, hash: "0".repeat(64) } })).toMatchObject({ valid: true });
  });

  const edits: readonly (readonly [column: string, value: string | number | Uint8Array | bigint | null])[] = [
    ["time", 5],
    ["time", 2n ** 62n],
    ["time", 1.5],
    ["actor", "user:other"],
    ["actor", new Uint8Array([1])],
    ["action", "runs:start"],
    ["resource", "token:other"],
    ["decision", "unknown"],
    ["reason", ""],
    ["request_id", "other"],
    ["origin", "cli"],
    ["before", null],
    ["before", '{"n": 1}'],
    ["after", "no JSON"],
    ["hash", "0".repeat(64)],
    ["hash", ""],
  ];
  it.each(edits)("finds an entry whose %s is changed to %o, whichever it is", async (column, value) => {
    await fc.assert(
      fc.asyncProperty(places, fc.integer({ min: 0, max: 2 }), async (seq, appended) => {
        const act = (db: DatabaseSync): void =>
          void db.prepare(`UPDATE audit SET ${column} = ? WHERE seq = ?`).run(value, seq);
        const verdict = await tamper(act, { appended });
        expect(verdict).toMatchObject({ valid: false, entries: seq - 1, firstProblem: { seq, kind: "edited" } });
      }),
      { numRuns: Math.max(2, Math.floor(runs.numRuns / 10)) },
    );
  });

  it("finds an entry whose text was moved from one field into the next", async () => {
    const verdict = await tamper((db) =>
      db.exec("UPDATE audit SET actor = 'user:5access', action = ':write' WHERE seq = 5"),
    );
    expect(verdict.firstProblem).toMatchObject({ seq: 5, kind: "edited" });
  });

  it("finds a removed entry, with the hole or without", async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: entries - 1 }), fc.boolean(), async (seq, closed) => {
        const { valid, firstProblem } = await tamper((db) => {
          db.prepare("DELETE FROM audit WHERE seq = ?").run(seq);
          if (closed) db.prepare("UPDATE audit SET seq = seq - 1 WHERE seq > ?").run(seq);
        });
        expect({ valid, seq: firstProblem?.seq, kind: firstProblem?.kind }).toEqual({
          valid: false,
          seq,
          kind: "removed",
        });
      }),
      runs,
    );
  });

  it("finds entries that have changed places, with their hashes or without", async () => {
    await fc.assert(
      fc.asyncProperty(twoPlaces, fc.boolean(), async ([a, b], withHash) => {
        const { valid, firstProblem } = await tamper((db) => {
          const order = Array.from({ length: entries }, (_, n) => n + 1);
          order[a - 1] = b;
          order[b - 1] = a;
          const hashes = db.prepare("SELECT seq, hash FROM audit").all();
          moveTo(db, order);
          if (!withHash) {
            const restore = db.prepare("UPDATE audit SET hash = ? WHERE seq = ?");
            for (const { seq, hash } of hashes) restore.run(hash ?? null, seq ?? null);
          }
        });
        const found = { valid, seq: firstProblem?.seq, kind: firstProblem?.kind };
        expect(found).toEqual({ valid: false, seq: Math.min(a, b), kind: "reordered" });
      }),
      runs,
    );
  });

  it("finds any other order", async () => {
    const orders = fc
      .shuffledSubarray(
        Array.from({ length: entries }, (_, n) => n + 1),
        { minLength: entries },
      )
      .filter((order) => order.some((seq, index) => seq !== index + 1));
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const { valid, firstProblem } = await tamper((db) => moveTo(db, order));
        expect({ valid, kind: firstProblem?.kind }).toEqual({ valid: false, kind: "reordered" });
        expect(firstProblem?.seq).toBe(order.findIndex((seq, index) => seq !== index + 1) + 1);
      }),
      runs,
    );
  });

  it("finds that the last entries are missing, also when others came after", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 0, max: entries - 1 }),
        fc.integer({ min: 0, max: 3 }),
        async (left, appended) => {
          const { valid, firstProblem } = await tamper(
            (db) => void db.prepare("DELETE FROM audit WHERE seq > ?").run(left),
            { appended },
          );
          const kind = appended === 0 ? "truncated" : "removed";
          expect({ valid, seq: firstProblem?.seq, kind: firstProblem?.kind }).toEqual({
            valid: false,
            seq: left + 1,
            kind,
          });
        },
      ),
      runs,
    );
  });

  it("finds with an anchor that the end was cut off and the head set back", async () => {
    const act = (db: DatabaseSync): void => {
      const row = db.prepare("SELECT hash FROM audit WHERE seq = 9").get();
      db.exec("DELETE FROM audit WHERE seq > 9");
      setHead(db, `9:${String(row?.["hash"])}`);
    };
    expect(await tamper(act)).toMatchObject({ valid: true, entries: 9 });
    expect(await tamper(act, { anchor: head })).toMatchObject({
      valid: false,
      firstProblem: { seq: 10, kind: "truncated" },
    });
    expect(await tamper(act, { anchor: head, appended: 5 })).toMatchObject({
      valid: false,
      firstProblem: { seq: entries, kind: "edited", message: expect.stringContaining("head that was given") as string },
    });
  });

  it("finds with an anchor a trail whose hashes were all made anew", async () => {
    const act = (db: DatabaseSync): void => {
      db.exec("UPDATE audit SET actor = 'user:somebody' WHERE seq = 4");
      let previous = "0".repeat(64);
      const rows = db.prepare("SELECT *, request_id AS requestId FROM audit ORDER BY seq").all();
      for (const row of rows) {
        previous = chainHash(previous, row as unknown as ChainedFields);
        db.prepare("UPDATE audit SET hash = ? WHERE seq = ?").run(previous, row["seq"] ?? null);
      }
      setHead(db, `${entries}:${previous}`);
    };
    expect(await tamper(act)).toMatchObject({ valid: true });
    expect(await tamper(act, { anchor: head })).toMatchObject({
      valid: false,
      firstProblem: { seq: entries, kind: "edited" },
    });
  });

  it("finds a head that is missing, is none, or names another", async () => {
    const heads = ["", "x", `${entries}:${"1".repeat(64)}`, `5:${"1".repeat(64)}`];
    for (const value of heads) {
      expect(await tamper((db) => setHead(db, value)), value).toMatchObject({
        valid: false,
        firstProblem: { kind: "edited" },
      });
    }
    const missing = await tamper((db) => db.exec("DELETE FROM meta WHERE key = 'auditHead'"), { appended: 1 });
    expect(missing).toMatchObject({ valid: false });
  });

  it("finds entries that the trail never wrote", async () => {
    const copy = "time, actor, action, resource, decision, reason, request_id, origin, before, after, hash";
    const add = (seq: number) => (db: DatabaseSync) =>
      db.exec(`INSERT INTO audit(seq, ${copy}) SELECT ${seq}, ${copy} FROM audit WHERE seq = 3`);
    expect(await tamper(add(0))).toMatchObject({ valid: false, firstProblem: { kind: "added" } });
    expect(await tamper(add(-9))).toMatchObject({ valid: false, firstProblem: { kind: "added" } });
    expect(await tamper(add(entries + 1))).toMatchObject({ valid: false });
    expect(await tamper(add(2 ** 50))).toMatchObject({ valid: false });
    expect(await tamper((db) => db.exec("UPDATE audit SET seq = 1 << 60 WHERE seq = 12"))).toMatchObject({
      valid: false,
      firstProblem: { seq: entries, kind: "reordered" },
    });
    // A right hash, which anybody can compute, but the head knows nothing of it.
    const forged = await tamper((db) => {
      const row = db
        .prepare("SELECT *, request_id AS requestId FROM audit WHERE seq = 3")
        .get() as unknown as ChainedFields;
      const hash = chainHash(head.hash, { ...row, seq: entries + 1 });
      db.exec(`INSERT INTO audit SELECT ${entries + 1}, ${copy.replace("hash", `'${hash}'`)} FROM audit WHERE seq = 3`);
    });
    expect(forged).toMatchObject({ valid: false, firstProblem: { seq: entries + 1, kind: "added" } });
  });

  it("goes on writing after all of that, and stays broken where it was broken", async () => {
    for (const seq of [1, 5, entries]) {
      const { firstProblem } = await tamper(
        (db) => void db.prepare("UPDATE audit SET reason = 'x' WHERE seq = ?").run(seq),
        { appended: 4 },
      );
      expect(firstProblem).toMatchObject({ seq, kind: "edited" });
    }
  });
});
