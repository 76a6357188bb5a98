import type { FastifyRequest } from "fastify";
import { AuthenticationError } from "../../access/authentication-error.ts";
import type { Store } from "../../store/contract.ts";
import { addressKey } from "./address-key.ts";

/** What a refusal trail is made of. */
export interface RefusalTrailParts {
  readonly store: () => Promise<Pick<Store, "appendAudit">>;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
}

/** Entries of one address within a minute; more are counted. */
const perAddress = 10;
/** Entries of all addresses within a minute: whoever has many addresses cannot fill the disk either. */
const perMinute = 300;
const minute = 60_000;
const elsewhere = "many addresses";

interface Counted {
  written: number;
  left: number;
  readonly from: string;
}

/**
 * Writes into the audit trail who was refused because nobody knows who they are. Anybody can make such entries, so their number is
 * bounded: what is above the bound is counted, and the number written down when the minute is over.
 */
export class RefusalTrail implements AsyncDisposable {
  readonly #store: RefusalTrailParts["store"];
  readonly #now: () => number;
  /** At most `perMinute` and one. */
  readonly #addresses = new Map<string, Counted>();
  #written = 0;
  #timer: NodeJS.Timeout | undefined;
  #closing: Promise<void> = Promise.resolve();

  constructor({ store, now = Date.now }: RefusalTrailParts) {
    this.#store = store;
    this.#now = now;
  }

  /** Writes or counts a refusal. It never fails: a refusal stays one when it cannot be written down. */
  async note(request: FastifyRequest, refusal: unknown, reason: string): Promise<void> {
    this.#timer ??= setTimeout(() => void this.#endMinute(), minute).unref();
    const counted = this.#counterOf(request.ip);
    if (counted.written >= perAddress || this.#written >= perMinute) {
      counted.left += 1;
      return;
    }
    counted.written += 1;
    this.#written += 1;
    const token = refusal instanceof AuthenticationError ? refusal.token : null;
    await this.#append({
      actor: token === null ? "anonymous" : `token:${token.id}`,
      // The route, and not what the caller wrote.
      resource: `route:${request.method} ${request.routeOptions.url ?? "unknown"}`,
      reason: token === null ? reason : `${reason} (a token of ${token.subject})`,
      requestId: request.id,
      from: request.ip,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#endMinute();
    await this.#closing;
  }

  #counterOf(ip: string): Counted {
    const key = addressKey(ip);
    const known = this.#addresses.get(key);
    if (known !== undefined) return known;
    const isFull = this.#written >= perMinute;
    const other = isFull ? this.#addresses.get(elsewhere) : undefined;
    if (other !== undefined) return other;
    const fresh = { written: 0, left: 0, from: isFull ? elsewhere : ip };
    this.#addresses.set(isFull ? elsewhere : key, fresh);
    return fresh;
  }

  async #endMinute(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const counted = [...this.#addresses.values()];
    this.#addresses.clear();
    this.#written = 0;
    for (const { left, from } of counted) {
      if (left === 0) continue;
      const reason = `${left} more refusals within a minute are not in the trail one by one`;
      // In turn: a server that stops waits for all of them.
      this.#closing = this.#closing.then(() =>
        this.#append({ actor: "anonymous", resource: "route:any", reason, requestId: "", from }),
      );
    }
    await this.#closing;
  }

  async #append(entry: {
    readonly actor: string;
    readonly resource: string;
    readonly reason: string;
    readonly requestId: string;
    readonly from: string;
  }): Promise<void> {
    try {
      const facts = { action: "authenticate", decision: "denied", before: null, after: null } as const;
      await (await this.#store()).appendAudit({ time: this.#now(), ...facts, ...entry });
    } catch {
      // The readiness of the server tells of a store that cannot be written.
    }
  }
}
