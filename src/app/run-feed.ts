import { reduce, replay } from "../engine/reduce.ts";
import type { RunEvent } from "../engine/events.ts";
import { isOver, type RunState } from "../engine/state.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { EventRecord, RunRow, Store } from "../store/contract.ts";
import { isLeft } from "./is-left.ts";

/** How often a run that goes on is looked at: once for all who follow it. */
const lookMs = 100;

/** A run as it grows, for as many as follow it. */
export interface RunFeed extends Disposable {
  /** Its events so far, oldest first; the list grows. */
  readonly events: readonly EventRecord[];
  /** The run's row once nothing more will come: it is over, or nobody who lives executes it or would take it over. */
  readonly ended: RunRow | null;
  /** Resolves when there is more, or it has ended; rejects when it cannot be read. */
  more(): Promise<void>;
}

/** The feeds of one open workspace. */
export class RunFeeds {
  readonly #feeds = new Map<string, SharedFeed>();

  /** Follows a run from its first event on. Dispose what is given when it is not followed any more. */
  async follow(store: Store, id: string): Promise<RunFeed> {
    let feed = this.#feeds.get(id);
    if (feed === undefined) {
      const created = new SharedFeed(store, id, () => {
        if (this.#feeds.get(id) === created) this.#feeds.delete(id);
      });
      feed = created;
      this.#feeds.set(id, feed);
    }
    feed.join();
    try {
      await feed.begun;
    } catch (error) {
      feed.leave();
      throw error;
    }
    return new Follower(feed);
  }
}

/** One follower's hold on a feed. */
class Follower implements RunFeed {
  readonly #feed: SharedFeed;
  #isHeld = true;

  constructor(feed: SharedFeed) {
    this.#feed = feed;
  }

  get events(): readonly EventRecord[] {
    return this.#feed.events;
  }

  get ended(): RunRow | null {
    return this.#feed.ended;
  }

  async more(): Promise<void> {
    await this.#feed.next;
  }

  [Symbol.dispose](): void {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#feed.leave();
  }
}

class SharedFeed {
  readonly events: EventRecord[] = [];
  readonly begun: Promise<void>;
  ended: RunRow | null = null;
  readonly #store: Store;
  readonly #id: string;
  readonly #forget: () => void;
  #state: RunState | undefined;
  #followers = 0;
  #timer: NodeJS.Timeout | undefined;
  #mark = "";
  #next = Promise.withResolvers<void>();

  constructor(store: Store, id: string, forget: () => void) {
    this.#store = store;
    this.#id = id;
    this.#forget = forget;
    // Who does not wait for it must not bring the process down.
    this.#next.promise.catch(() => undefined);
    this.begun = this.#begin();
  }

  get next(): Promise<void> {
    return this.#next.promise;
  }

  join(): void {
    this.#followers += 1;
  }

  leave(): void {
    this.#followers -= 1;
    if (this.#followers > 0) return;
    clearTimeout(this.#timer);
    this.#forget();
  }

  async #begin(): Promise<void> {
    await this.#look();
    this.#plan();
  }

  #plan(): void {
    if (this.ended !== null || this.#followers === 0) return;
    this.#timer = setTimeout(() => void this.#tick(), lookMs);
  }

  async #tick(): Promise<void> {
    try {
      if (!(await this.#look())) return;
      const told = this.#next;
      this.#next = Promise.withResolvers<void>();
      this.#next.promise.catch(() => undefined);
      told.resolve();
    } catch (error) {
      this.#forget();
      this.#followers = 0;
      this.#next.reject(error);
    } finally {
      this.#plan();
    }
  }

  /** @returns whether there is anything to tell. */
  async #look(): Promise<boolean> {
    const before = this.events.length;
    const mark = this.#store.changeMark();
    if (mark !== this.#mark) {
      this.#mark = mark;
      const events = await this.#store.readEvents(this.#id, before);
      for (const event of events) {
        if (this.#state === undefined) this.#state = replay([event]);
        else reduce(this.#state, event as unknown as RunEvent);
        this.events.push(event);
      }
    }
    const row = await this.#store.getRun(this.#id);
    // Purged meanwhile.
    if (row === null) throw new MahavishnuError("RUN_NOT_FOUND", `there is no run "${this.#id}"`);
    if (this.#state === undefined) throw new Error(`run ${this.#id} cannot be read`);
    // The row may be ahead of what was read; then the rest is read first.
    const isAllRead = row.runSeq === this.events.length;
    if (isAllRead && (isOver(this.#state.state) || (await isLeft(this.#store, row)))) this.ended = row;
    return this.events.length > before || this.ended !== null;
  }
}
