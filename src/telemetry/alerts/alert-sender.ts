import { randomUUID } from "node:crypto";
import { crashPoint } from "../../lib/crash-point.ts";
import { messageOf } from "../../lib/errors.ts";
import { waitAfter } from "../../lib/wait-after.ts";
import type { Store } from "../../store/contract.ts";
import type { DeliveryOutcome, DeliveryRow } from "../../store/webhook-contract.ts";
import type { AlertMessage, Channel, ChannelAnswer } from "./alert.ts";
import { hookOfChannel } from "./alert-draft.ts";

/** How often it is asked whether anything is due: an index of what waits. */
const lookMs = 200;
/** Sent to one receiver at the same time: one that is slow keeps no other waiting. */
const atOnce = 4;
/** Attempts beyond those allowed, for those that ended with their server before they could be recorded. */
const spareAttempts = 5;
/** What is older is told to nobody any more: a channel that comes back after a year is not flooded. */
const oldestMs = 7 * 86_400_000;
/** No receiver may put off a message for longer. */
const longestRetryAfterMs = 86_400_000;
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;
const defaultFirstWaitMs = 5_000;
const defaultClaimMs = 330_000;

/** What a sender tells about its work. */
export type SenderEvent =
  | { readonly kind: "attempted"; readonly channel: string; readonly id: string; readonly outcome: DeliveryOutcome }
  | { readonly kind: "failed"; readonly channel: string; readonly error: unknown; readonly retryMs: number };

/** What a sender works with. */
export interface SenderOptions {
  readonly store: Pick<Store, "changeMark" | "claimDeliveries" | "nextDeliveryAt" | "settleDelivery">;
  readonly channel: Channel;
  /** How long a message stays with a process of which nothing is heard: longer than the channel lets an attempt take. */
  readonly claimMs?: number;
  readonly observe: (event: SenderEvent) => void;
  /** The wait after the first failure; only tests have a shorter one. */
  readonly firstWaitMs?: number;
}

/** Sends what the store holds for one channel, at least once each and under the same id in each attempt, until it is stopped. */
export class AlertSender {
  readonly #options: SenderOptions;
  readonly #hook: string;
  readonly #sending = new Set<Promise<void>>();
  readonly #stopping = new AbortController();
  readonly #aborting = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  #wake: () => void = () => undefined;
  #isAwake = false;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#hook = hookOfChannel(options.channel.name);
  }

  start(): void {
    this.#loop = this.#run();
  }

  /** There may be something to send. */
  wake(): void {
    this.#isAwake = true;
    this.#wake();
  }

  /** Claims nothing more; what is being sent may take `drainMs`, and is then left to whoever comes next. */
  async stop(drainMs: number): Promise<void> {
    this.#stopping.abort();
    this.wake();
    await this.#loop;
    const timer = setTimeout(() => this.#aborting.abort(), drainMs);
    await Promise.all(this.#sending);
    clearTimeout(timer);
  }

  async #run(): Promise<void> {
    const { channel, observe } = this.#options;
    let failures = 0;
    while (!this.#stopping.signal.aborted) {
      this.#isAwake = false;
      let waitMs = lookMs;
      try {
        await this.#send();
        failures = 0;
      } catch (error) {
        failures += 1;
        waitMs = Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs);
        observe({ kind: "failed", channel: channel.name, error, retryMs: waitMs });
      }
      await this.#pause(waitMs);
    }
  }

  async #pause(ms: number): Promise<void> {
    if (this.#isAwake || this.#stopping.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #send(): Promise<void> {
    const { store, claimMs = defaultClaimMs } = this.#options;
    const free = atOnce - this.#sending.size;
    if (free <= 0 || this.#stopping.signal.aborted) return;
    const dueAt = await store.nextDeliveryAt(this.#hook);
    if (dueAt === null || dueAt > Date.now()) return;
    const claim = randomUUID();
    for (const row of await store.claimDeliveries(this.#hook, { claim, until: Date.now() + claimMs }, free)) {
      const sending = this.#attempt(row, claim).finally(() => {
        this.#sending.delete(sending);
        this.wake();
      });
      this.#sending.add(sending);
    }
  }

  async #attempt(row: DeliveryRow, claim: string): Promise<void> {
    const { store, channel, observe, claimMs = defaultClaimMs } = this.#options;
    try {
      crashPoint("alerts.claimed");
      const outcome = await this.#outcomeOf(row);
      crashPoint("alerts.sent");
      await store.settleDelivery(row.id, claim, outcome);
      crashPoint("alerts.settled");
      observe({ kind: "attempted", channel: channel.name, id: row.id, outcome });
    } catch (error) {
      // It stays claimed, and is sent once more when the claim ends.
      observe({ kind: "failed", channel: channel.name, error, retryMs: claimMs });
    }
  }

  async #outcomeOf({ body, attempts, createdAt }: DeliveryRow): Promise<DeliveryOutcome> {
    const { channel, firstWaitMs = defaultFirstWaitMs } = this.#options;
    const now = Date.now();
    const dead = (error: string, status: number | null = null): DeliveryOutcome => ({
      state: "dead",
      dueAt: now,
      status,
      error,
    });
    if (now - createdAt > oldestMs) return dead("it is older than 7 days");
    if (attempts > channel.attempts + spareAttempts) return dead("every attempt ended with its server");
    const answer = await sendOnce(channel, JSON.parse(body) as AlertMessage, this.#aborting.signal);
    if (answer.ok) return { state: "delivered", dueAt: now, status: answer.status, error: null };
    const { error, status, final, retryAfterMs } = answer;
    // Stopped in the middle: whoever comes next need not wait, and it is not the receiver's fault.
    if (this.#aborting.signal.aborted)
      return { state: "pending", dueAt: Date.now(), status: null, error: "the server was stopped" };
    if (final || attempts >= channel.attempts) return dead(error, status);
    const asked = Math.min(retryAfterMs ?? 0, longestRetryAfterMs);
    const waitMs = Math.max(waitAfter(attempts, Math.random(), firstWaitMs), asked);
    return { state: "pending", dueAt: Date.now() + waitMs, status, error };
  }
}

/** Tells a channel once; what it should not do, throw, is an answer too. */
export async function sendOnce(channel: Channel, message: AlertMessage, signal: AbortSignal): Promise<ChannelAnswer> {
  try {
    return await channel.send(message, signal);
  } catch (error) {
    return { ok: false, final: false, error: messageOf(error), status: null, retryAfterMs: null };
  }
}
