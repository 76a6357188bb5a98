import { join } from "node:path";
import { constants, DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { MahavishnuError } from "../lib/errors.ts";
import { GroupCommit } from "./group-commit.ts";
import { withFolder } from "./store-fixture.ts";

/** A table of numbers, two connections to it, and a group commit over the first. */
async function withCommits(
  body: (parts: {
    commits: GroupCommit;
    insert: (n: number) => void;
    rows: () => number[];
    other: DatabaseSync;
    db: DatabaseSync;
  }) => Promise<void>,
  patienceMs?: number,
): Promise<void> {
  await withFolder(async (folder) => {
    const db = new DatabaseSync(join(folder, "t.db"), { timeout: 0 });
    const other = new DatabaseSync(join(folder, "t.db"), { timeout: 0 });
    db.exec("PRAGMA journal_mode=WAL; CREATE TABLE t(n INTEGER PRIMARY KEY)");
    const statement = db.prepare("INSERT INTO t(n) VALUES(?)");
    const commits = new GroupCommit(db, (error) => error, patienceMs === undefined ? {} : { patienceMs });
    const rows = (): number[] =>
      (other.prepare("SELECT n FROM t ORDER BY n").all() as { n: number }[]).map(({ n }) => n);
    await body({ commits, insert: (n) => void statement.run(n), rows, other, db });
    await commits.drain();
    if (db.isOpen) db.close();
    other.close();
  });
}

const refuse = (): never => {
  throw new MahavishnuError("RUN_STATE", "no");
};

describe("GroupCommit", () => {
  it("puts all work of one turn into one transaction", () =>
    withCommits(async ({ commits, insert, rows }) => {
      await Promise.all([1, 2, 3].map((n) => commits.run(() => insert(n))));
      expect(rows()).toEqual([1, 2, 3]);
      expect(commits.commits).toBe(1);
    }));

  it("resolves only when the work can be read by others", () =>
    withCommits(async ({ commits, insert, rows }) => {
      const seen = commits.run(() => insert(7)).then(rows);
      expect(rows()).toEqual([]);
      expect(await seen).toEqual([7]);
    }));

  it("keeps the refusal of one work to itself", () =>
    withCommits(async ({ commits, insert, rows }) => {
      const [first, refused, last] = await Promise.allSettled([
        commits.run(() => insert(1)),
        commits.run(refuse),
        commits.run(() => insert(2)),
      ]);
      expect([first.status, refused.status, last.status]).toEqual(["fulfilled", "rejected", "fulfilled"]);
      expect(rows()).toEqual([1, 2]);
    }));

  it("undoes and fails the whole transaction on an error of SQLite", () =>
    withCommits(async ({ commits, insert, rows }) => {
      const results = await Promise.allSettled([1, 1, 2].map((n) => commits.run(() => insert(n))));
      expect(results.map((result) => result.status)).toEqual(["rejected", "rejected", "rejected"]);
      expect(rows()).toEqual([]);
      await commits.run(() => insert(3));
      expect(rows()).toEqual([3]);
    }));

  it("undoes the whole transaction when work breaks after it has written", () =>
    withCommits(async ({ commits, insert, rows }) => {
      const results = await Promise.allSettled([
        commits.run(() => insert(1)),
        commits.run(() => {
          insert(2);
          throw new TypeError("broken");
        }),
      ]);
      expect(results.map((result) => result.status)).toEqual(["rejected", "rejected"]);
      expect(rows()).toEqual([]);
    }));

  it("waits while another process writes, and does not block this one", () =>
    withCommits(async ({ commits, insert, rows, other, db }) => {
      db.exec("PRAGMA busy_timeout=7");
      other.exec("BEGIN IMMEDIATE; INSERT INTO t(n) VALUES(1)");
      let turns = 0;
      const written = commits.run(() => insert(2));
      const later = new Promise<void>((resolve) => {
        const count = (): void => {
          turns += 1;
          if (turns < 20) setImmediate(count);
          else resolve();
        };
        count();
      });
      await later;
      const joined = commits.run(() => insert(3));
      other.exec("COMMIT");
      await Promise.all([written, joined]);
      expect(rows()).toEqual([1, 2, 3]);
      expect(db.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 7 });
      expect(commits.commits).toBe(1);
    }));

  it("asks again without waiting in SQLite, so that everything else goes on however long it takes", () =>
    withCommits(async ({ commits, insert, other, db }) => {
      const waitMs = 500;
      db.exec(`PRAGMA busy_timeout=${waitMs}`);
      other.exec("BEGIN IMMEDIATE");
      const { promise: tried, resolve } = Promise.withResolvers<void>();
      let tries = 0;
      const guard = (): void => {
        tries += 1;
        if (tries === 20) resolve();
      };
      const guarded = new GroupCommit(db, (error) => error, { guard });
      const begin = performance.now();
      const written = guarded.run(() => insert(1));
      await tried;
      // Each one would have taken that long.
      expect(performance.now() - begin).toBeLessThan(19 * waitMs);
      other.exec("COMMIT");
      await written;
      await commits.drain();
    }));

  it("gives up with STATE_BUSY when another process never lets go", () =>
    withCommits(async ({ commits, insert, rows, other }) => {
      other.exec("BEGIN IMMEDIATE");
      const results = await Promise.allSettled([commits.run(() => insert(1)), commits.run(() => insert(2))]);
      expect(results).toMatchObject([{ reason: { code: "STATE_BUSY" } }, { reason: { code: "STATE_BUSY" } }]);
      other.exec("COMMIT");
      await commits.run(() => insert(3));
      expect(rows()).toEqual([3]);
    }, 30));

  it("writes nothing of a transaction that could not be undone, and goes on once it can", () =>
    withCommits(async ({ commits, insert, rows, db }) => {
      const { SQLITE_TRANSACTION, SQLITE_DENY, SQLITE_OK } = constants;
      let told = 0;
      commits.onUndone(() => (told += 1));
      db.setAuthorizer((action, what) =>
        action === SQLITE_TRANSACTION && what === "ROLLBACK" ? SQLITE_DENY : SQLITE_OK,
      );
      await expect(commits.run(() => (insert(1), insert(1)))).rejects.toThrow(/UNIQUE/);
      expect(told).toBe(1);
      await expect(commits.run(() => insert(2))).rejects.toThrow(/not authorized/);
      db.setAuthorizer(null);
      await commits.run(() => insert(3));
      expect(rows()).toEqual([3]);
    }));

  it("rejects, and drains, when the database itself is gone", () =>
    withCommits(async ({ commits, insert, db }) => {
      const first = commits.run(() => (insert(1), db.close()));
      await expect(first).rejects.toThrow(/not open|finalized/);
      await expect(commits.run(() => insert(2))).rejects.toThrow(/not open|finalized/);
      await commits.drain();
    }));

  it("drains: what was handed in before is written when it resolves", () =>
    withCommits(async ({ commits, insert, rows }) => {
      void commits.run(() => insert(1));
      await commits.drain();
      expect(rows()).toEqual([1]);
    }));
});

describe("GroupCommit with early results", () => {
  it("writes what follows from a result in the same transaction, and tells nobody before", () =>
    withCommits(async ({ commits, insert, rows }) => {
      const order: string[] = [];
      const follow = Promise.withResolvers<void>();
      const first = commits.run(
        () => (insert(1), "one"),
        (value) => {
          order.push(`early ${value} ${rows().length}`);
          commits.run(() => insert(2)).then(follow.resolve, follow.reject);
        },
      );
      void first.then(() => order.push("durable"));
      await first;
      await follow.promise;
      expect(order).toEqual(["early one 0", "durable"]);
      expect(rows()).toEqual([1, 2]);
      expect(commits.commits).toBe(1);
    }));

  it("undoes both when what follows breaks", () =>
    withCommits(async ({ commits, insert, rows }) => {
      let follow: Promise<void> | undefined;
      const first = commits.run(
        () => insert(1),
        () => {
          follow = commits.run(() => insert(1));
          follow.catch(() => undefined);
        },
      );
      await expect(first).rejects.toThrow(/UNIQUE/);
      await expect(follow).rejects.toThrow(/UNIQUE/);
      expect(rows()).toEqual([]);
    }));

  it("leaves what is handed in later to the next transaction", () =>
    withCommits(async ({ commits, insert, rows }) => {
      let follow: Promise<void> | undefined;
      const first = commits.run(
        () => insert(1),
        () => queueMicrotask(() => void (follow = commits.run(() => insert(2)))),
      );
      await first;
      expect([commits.commits, rows()]).toEqual([1, [1]]);
      await follow;
      expect([commits.commits, rows()]).toEqual([2, [1, 2]]);
    }));
});
