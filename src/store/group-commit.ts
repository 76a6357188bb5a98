import { setTimeout as delay } from "node:timers/promises";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { sqliteCode } from "./open-database.ts";

/** One piece of work inside a shared transaction. What it throws concerns only itself, provided it threw before writing. */
type Work<T> = () => T;

interface Waiting {
  readonly work: Work<unknown>;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** SQLITE_BUSY and SQLITE_LOCKED: another process is writing. */
const busy = new Set([5, 6]);
/** How long writers are put off before it is called a failure. Others hold the lock for milliseconds. */
const patienceMs = 60_000;

/**
 * Group commit: all work that arrives in one turn of the event loop shares one transaction, so the price of durability is one
 * fsync a turn and not one a write. A promise resolves only when its transaction is on the disk.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #explain: (error: unknown) => unknown;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  #waiting: Waiting[] = [];
  #scheduled = false;
  #idle: Promise<void> = Promise.resolve();
  #commits = 0;

  constructor(db: DatabaseSync, explain: (error: unknown) => unknown) {
    this.#db = db;
    this.#explain = explain;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
  }

  /** Transactions so far; benches and count gates read it. */
  get commits(): number {
    return this.#commits;
  }

  /** Runs `work` in the next shared transaction. */
  run<T>(work: Work<T>): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    this.#waiting.push({ work, resolve: resolve as (value: unknown) => void, reject });
    if (!this.#scheduled) {
      this.#scheduled = true;
      const { promise: idle, resolve: settled } = Promise.withResolvers<void>();
      this.#idle = idle;
      setImmediate(() => {
        this.#flush().then(settled, settled);
      });
    }
    return promise;
  }

  /** Resolves when nothing waits. */
  async drain(): Promise<void> {
    while (this.#scheduled) await this.#idle;
  }

  async #flush(): Promise<void> {
    const deadline = Date.now() + patienceMs;
    for (;;) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        this.#begin.run();
      } catch (error) {
        if (busy.has(sqliteCode(error) ?? -1) && Date.now() < deadline) {
          this.#waiting = [...batch, ...this.#waiting];
          await delay(5);
          continue;
        }
        this.#scheduled = false;
        this.#fail(batch, busy.has(sqliteCode(error) ?? -1) ? new MahavishnuError("STATE_BUSY", `no write for ${patienceMs / 1000} s`, { cause: error }) : error);
        return;
      }
      this.#scheduled = false;
      this.#apply(batch);
      return;
    }
  }

  #apply(batch: readonly Waiting[]): void {
    const done: (() => void)[] = [];
    try {
      for (const { work, resolve, reject } of batch) {
        try {
          const value = work();
          done.push(() => resolve(value));
        } catch (error) {
          // An error of SQLite may have ended the transaction, so nobody's work is safe; any other is its own only.
          if (sqliteCode(error) !== undefined) throw error;
          done.push(() => reject(error));
        }
      }
      crashPoint("store.beforeCommit");
      this.#commit.run();
      crashPoint("store.afterCommit");
      this.#commits += 1;
    } catch (error) {
      if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
      this.#fail(batch, error);
      return;
    }
    for (const settle of done) settle();
  }

  #fail(batch: readonly Waiting[], error: unknown): void {
    const explained = this.#explain(error);
    for (const { reject } of batch) reject(explained);
  }
}
