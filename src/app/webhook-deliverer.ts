import { randomUUID } from "node:crypto";
import type { LookupFunction } from "node:net";
import type { Store } from "../store/contract.ts";
import type { DeliveryOutcome, DeliveryRow, JournalEntry, NewDelivery } from "../store/webhook-contract.ts";
import { attemptDelivery } from "./attempt-delivery.ts";
import { type EventSource, journalTypesOf, makeDelivery, wants } from "./webhook-event.ts";
import type { OutgoingHook } from "./webhook-hooks.ts";

/** How often it is asked whether anything has changed (microseconds) or is due (an index of what waits). */
const lookMs = 200;
/** Events of any type looked at in one go. */
const partSize = 1_000;
/** Sent to one receiver at the same time: one that is slow keeps no other waiting. */
const atOnce = 4;
/** Longer than an attempt may take, by this: then whoever had the delivery has died. */
const defaultSpareMs = 30_000;
/** What happened longer ago is told to nobody: a hook that comes back after a year is not flooded. */
const oldestMs = 7 * 86_400_000;
/** Attempts beyond those allowed, for those that ended with their server before they could be recorded. */
const spareAttempts = 5;
/** What failed on this side is tried again after this time, doubled with each failure. */
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/** What a deliverer tells about its work. */
export type DelivererEvent =
  | { readonly kind: "attempted"; readonly delivery: DeliveryRow; readonly outcome: DeliveryOutcome }
  /** What a hook is to be told could not be found out, or the store cannot be asked; tried again. */
  | { readonly kind: "failed"; readonly hook: string; readonly error: unknown; readonly retryMs: number };

/** What a deliverer works with. */
export interface DelivererOptions {
  readonly store: Pick<
    Store,
    | "advanceCursor"
    | "changeMark"
    | "claimDeliveries"
    | "getRun"
    | "nextDeliveryAt"
    | "readJournal"
    | "settleDelivery"
    | "startCursor"
  >;
  readonly hooks: readonly OutgoingHook[];
  readonly source: EventSource;
  /** Whether a run touches a repository that a selector picks. */
  readonly touches: (runId: string, where: string) => Promise<boolean>;
  /** Told of everything that a log should know. */
  readonly observe: (event: DelivererEvent) => void;
  /** Only tests have other ones. */
  readonly lookup?: LookupFunction;
  readonly firstWaitMs?: number;
  readonly spareMs?: number;
}

/** Tells hooks what runs do; see `startDeliverer`. */
export interface Deliverer {
  /** Claims nothing more; what is being sent may take `drainMs`, and is then left to whoever comes next. */
  stop(options: { readonly drainMs: number }): Promise<void>;
}

/**
 * Makes this process tell hooks what runs do, at least once each. What they are to be told is derived from the journal by a cursor
 * that is moved in the transaction which writes the deliveries; these are claimed one by one, so that any number of servers share them.
 *
 * @example
 * const deliverer = await startDeliverer({ store, hooks, source, touches, observe });
 * await deliverer.stop({ drainMs: 5_000 });
 */
export async function startDeliverer(options: DelivererOptions): Promise<Deliverer> {
  const { store, hooks } = options;
  const senders: HookSender[] = [];
  // A hook that is new is told of what happens from now on: before this resolves, now is not over.
  for (const hook of hooks) senders.push(new HookSender(options, hook, await store.startCursor(hook.name)));
  for (const sender of senders) sender.start();
  return {
    stop: async ({ drainMs }) => void (await Promise.all(senders.map((sender) => sender.stop(drainMs)))),
  };
}

/** Everything about one hook. */
class HookSender {
  readonly #options: DelivererOptions;
  readonly #hook: OutgoingHook;
  readonly #types: readonly string[];
  readonly #sending = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  /** Where the hook stands by what the store says. */
  #cursor: number;
  /** How far this process has read without finding anything to tell. */
  #read: number;
  #mark = "";
  #loop: Promise<void> = Promise.resolve();
  #failures = 0;
  #wake: () => void = () => undefined;

  constructor(options: DelivererOptions, hook: OutgoingHook, cursor: number) {
    this.#options = options;
    this.#hook = hook;
    this.#types = journalTypesOf(hook);
    this.#cursor = cursor;
    this.#read = cursor;
  }

  start(): void {
    this.#loop = this.#run();
  }

  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort();
    this.#wake();
    await this.#loop;
    const timer = setTimeout(() => this.#aborting.abort(), drainMs);
    await Promise.all(this.#sending);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      let waitMs = lookMs;
      try {
        await this.#collect();
        await this.#send();
        this.#failures = 0;
      } catch (error) {
        this.#failures += 1;
        waitMs = Math.min(firstRetryMs * 2 ** (this.#failures - 1), longestRetryMs);
        this.#options.observe({ kind: "failed", hook: this.#hook.name, error, retryMs: waitMs });
      }
      if (!signal.aborted) await this.#pause(waitMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Goes through the journal as far as it goes now. */
  async #collect(): Promise<void> {
    const { store } = this.#options;
    const { name } = this.#hook;
    const mark = store.changeMark();
    if (mark === this.#mark) return;
    while (!this.#stopping.signal.aborted) {
      const { entries, upTo } = await store.readJournal(this.#read, this.#types, partSize);
      if (upTo === this.#read) break;
      const deliveries = await this.#deliveriesOf(entries);
      this.#read = upTo;
      // What tells the hook nothing is not worth a write each time: at worst it is read again.
      if (deliveries.length === 0 && upTo - this.#cursor < partSize) continue;
      const isMoved = await store.advanceCursor(name, this.#cursor, upTo, deliveries);
      // Another server was quicker.
      this.#cursor = isMoved ? upTo : await store.startCursor(name);
      this.#read = this.#cursor;
    }
    this.#mark = mark;
  }

  async #deliveriesOf(entries: readonly JournalEntry[]): Promise<NewDelivery[]> {
    const oldest = Date.now() - oldestMs;
    const deliveries: NewDelivery[] = [];
    for (const entry of entries.filter(({ time }) => time >= oldest)) {
      const delivery = await this.#deliveryOf(entry);
      if (delivery !== null) deliveries.push(delivery);
    }
    return deliveries;
  }

  async #deliveryOf(entry: JournalEntry): Promise<NewDelivery | null> {
    const { store, source, touches } = this.#options;
    const row = await store.getRun(entry.runId);
    if (row === null || !wants(this.#hook, entry, row.workflow)) return null;
    if (this.#hook.where !== undefined && !(await touches(entry.runId, this.#hook.where))) return null;
    return makeDelivery(this.#hook.name, entry, row, source);
  }

  /** Takes what is due, as much as may be sent at once. */
  async #send(): Promise<void> {
    const { store, spareMs = defaultSpareMs } = this.#options;
    const { name, timeoutMs } = this.#hook;
    const free = atOnce - this.#sending.size;
    if (free <= 0 || this.#stopping.signal.aborted) return;
    const dueAt = await store.nextDeliveryAt(name);
    if (dueAt === null || dueAt > Date.now()) return;
    const claim = randomUUID();
    const claimed = await store.claimDeliveries(name, { claim, until: Date.now() + timeoutMs + spareMs }, free);
    for (const delivery of claimed) {
      const sending = this.#attempt(delivery, claim).finally(() => {
        this.#sending.delete(sending);
        // There is room for the next one.
        if (this.#failures === 0) this.#wake();
      });
      this.#sending.add(sending);
    }
  }

  async #attempt(delivery: DeliveryRow, claim: string): Promise<void> {
    const { store, observe, lookup, firstWaitMs } = this.#options;
    const hook = this.#hook;
    try {
      const outcome =
        delivery.attempts > hook.attempts + spareAttempts
          ? { state: "dead" as const, dueAt: Date.now(), status: null, error: "every attempt ended with its server" }
          : await attemptDelivery(delivery, hook, {
              signal: this.#aborting.signal,
              ...(lookup === undefined ? {} : { lookup }),
              ...(firstWaitMs === undefined ? {} : { firstWaitMs }),
            });
      await store.settleDelivery(delivery.id, claim, outcome);
      observe({ kind: "attempted", delivery, outcome });
    } catch (error) {
      // It stays claimed, and is sent once more when the claim ends.
      observe({ kind: "failed", hook: hook.name, error, retryMs: hook.timeoutMs + defaultSpareMs });
    }
  }
}
