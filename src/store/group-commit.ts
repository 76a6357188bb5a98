import { setTimeout as delay } from "node:timers/promises";
import type { DatabaseSync, StatementSync } from "node:sqlite";
import { storeCalls } from "../lib/calls.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { sqliteCode } from "./open-database.ts";

/**
 * One piece of work inside a shared transaction. A MahavishnuError that it throws concerns only itself, so it must throw it before
 * it writes anything. Whatever else it throws undoes the whole transaction.
 */
type Work<T> = () => T;

/** Told what a piece of work gave while its transaction is still open: nothing may be done with it but more writes. */
type Early<T> = (value: T) => void;

interface Waiting {
  readonly work: Work<unknown>;
  readonly early: Early<unknown> | undefined;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
  /** What the work gave, or its refusal. */
  value: unknown;
  refusal: MahavishnuError | undefined;
}

/** SQLITE_BUSY and SQLITE_LOCKED: another process is writing. */
const busy = new Set([5, 6]);
/** How long writers are put off before it is called a failure. Others hold the lock for milliseconds. */
const patienceMs = 60_000;

/**
 * Group commit: all work that arrives in two turns of the event loop shares one transaction, so the price of durability is one
 * fsync for them and not one a write. A promise resolves only when its transaction is on the disk.
 */
export class GroupCommit {
  readonly #db: DatabaseSync;
  readonly #explain: (error: unknown) => unknown;
  readonly #patienceMs: number;
  readonly #guard: () => void;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #undone: (() => void)[] = [];
  #waiting: Waiting[] = [];
  #scheduled = false;
  #idle: Promise<void> = Promise.resolve();
  #commits = 0;
  #transactions = 0;

  /** @param options.guard Called before each transaction; nothing is written when it throws. */
  constructor(
    db: DatabaseSync,
    explain: (error: unknown) => unknown,
    options: { readonly patienceMs?: number; readonly guard?: () => void } = {},
  ) {
    this.#db = db;
    this.#explain = explain;
    this.#patienceMs = options.patienceMs ?? patienceMs;
    this.#guard = options.guard ?? (() => undefined);
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
  }

  /** Transactions so far; benches and count gates read it. */
  get commits(): number {
    return this.#commits;
  }

  /** Number of the transaction that is open, or was the last: what was read in one holds as long as this stays. */
  get transaction(): number {
    return this.#transactions;
  }

  /**
   * Runs `work` in the next shared transaction. `early` is called in that transaction: what it hands in before it returns is written
   * in the same one.
   */
  run<T>(work: Work<T>, early?: Early<T>): Promise<T> {
    const promise = new Promise<T>((resolve, reject) => {
      this.#waiting.push({
        work,
        early: early as Early<unknown> | undefined,
        resolve: resolve as (value: unknown) => void,
        reject,
        value: undefined,
        refusal: undefined,
      });
    });
    if (!this.#scheduled) {
      this.#scheduled = true;
      const { promise: idle, resolve: settled } = Promise.withResolvers<void>();
      this.#idle = idle;
      // One more look at what has come meanwhile: a sixth fewer transactions where commands end side by side.
      setImmediate(() => {
        setImmediate(() => {
          // Nothing is made for a listener that is not there.
          const flushing = storeCalls.hasSubscribers
            ? storeCalls.tracePromise(async () => await this.#flush(), { kind: "commit" })
            : this.#flush();
          flushing.then(settled, settled);
        });
      });
    }
    return promise;
  }

  /** Adds one who is told when a transaction was not written: what was learnt in it does not hold. */
  onUndone(listener: () => void): void {
    this.#undone.push(listener);
  }

  /** Resolves when nothing waits. */
  async drain(): Promise<void> {
    while (this.#scheduled) await this.#idle;
  }

  async #flush(): Promise<void> {
    const refused = this.#tryBegin();
    const failure = refused === null ? null : await this.#beginPatiently(refused);
    // Who is told early hands in more while the batch is gone through: it grows, and all of it shares the transaction.
    const batch = this.#waiting;
    const error = failure ?? this.#commitAll(batch);
    this.#waiting = [];
    this.#scheduled = false;
    if (error !== null) this.#fail(batch, error);
    else for (const each of batch) settle(each);
  }

  /** Null when all is on the disk, else why nothing is. */
  #commitAll(batch: readonly Waiting[]): unknown {
    try {
      for (const waiting of batch) perform(waiting);
      crashPoint("store.beforeCommit");
      this.#commit.run();
      crashPoint("store.afterCommit");
      this.#commits += 1;
      return null;
    } catch (error) {
      for (const tell of this.#undone) tell();
      try {
        this.#undo();
      } catch {
        // Why it was to be undone tells more. Nothing is written before the next transaction has undone it.
      }
      return error;
    }
  }

  #undo(): void {
    if (this.#db.isTransaction) this.#db.exec("ROLLBACK");
  }

  /** Null when the transaction has begun, else SQLite's refusal or the guard's. */
  #tryBegin(): unknown {
    try {
      this.#undo();
      this.#guard();
      this.#begin.run();
      this.#transactions += 1;
      return null;
    } catch (error) {
      return error;
    }
  }

  /** SQLite itself waits only once, and a little, since it blocks everything else in this process while it does. */
  async #beginPatiently(first: unknown): Promise<unknown> {
    const deadline = Date.now() + this.#patienceMs;
    for (let refused = first; ; refused = this.#tryBeginAtOnce()) {
      if (refused === null) return null;
      if (!busy.has(sqliteCode(refused) ?? -1)) return refused;
      if (Date.now() >= deadline) {
        return new MahavishnuError("STATE_BUSY", `no write for ${this.#patienceMs / 1000} s`, { cause: refused });
      }
      await delay(5);
    }
  }

  #tryBeginAtOnce(): unknown {
    try {
      // Prepared each time: such a statement says what was so when it was prepared.
      const { timeout } = this.#db.prepare("PRAGMA busy_timeout").get() as { readonly timeout: number };
      this.#db.exec("PRAGMA busy_timeout=0");
      const refused = this.#tryBegin();
      // What others read through this connection meanwhile may wait.
      this.#db.exec(`PRAGMA busy_timeout=${timeout}`);
      return refused;
    } catch (error) {
      return error;
    }
  }

  #fail(batch: readonly Waiting[], error: unknown): void {
    const explained = this.#explain(error);
    for (const { reject } of batch) reject(explained);
  }
}

/** Runs one work; its refusal concerns nobody else. */
function perform(waiting: Waiting): void {
  try {
    waiting.value = waiting.work();
  } catch (error) {
    if (!(error instanceof MahavishnuError)) throw error;
    waiting.refusal = error;
    return;
  }
  waiting.early?.(waiting.value);
}

function settle({ value, refusal, resolve, reject }: Waiting): void {
  if (refusal === undefined) resolve(value);
  else reject(refusal);
}
