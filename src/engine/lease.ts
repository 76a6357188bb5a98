import type { OwnerKind } from "../store/contract.ts";
import type { EngineParts } from "./engine-parts.ts";

/**
 * The word of this process that it lives and conducts its runs. It is told to the store when there is a run to own and, while
 * anything goes on, again and again; when this process sleeps or dies it ends by itself.
 */
export class Lease {
  readonly #parts: Pick<EngineParts, "clock" | "limits" | "owner" | "slots" | "store">;
  #kind: OwnerKind = "command";
  #until = 0;
  #isKnown = false;
  #beat: NodeJS.Timeout | undefined;

  constructor(parts: Pick<EngineParts, "clock" | "limits" | "owner" | "slots" | "store">) {
    this.#parts = parts;
  }

  /** Makes the store know this owner, and prolongs its lease when it has run down: after a pause there were no heartbeats. */
  keep(): Promise<void> | undefined {
    const { clock, limits } = this.#parts;
    if (this.#until - clock.now() >= limits.leaseMs - limits.heartbeatMs) return undefined;
    return this.#renew();
  }

  /** Beats until `rest` is called. A missed beat is not an error: the lease is several long, and a lost run shows at its next write. */
  beat(): void {
    this.#beat ??= setInterval(() => void this.#renew().catch(() => undefined), this.#parts.limits.heartbeatMs);
  }

  /** Stops beating; of a server, which is there for others, the heart beats on. */
  rest(): void {
    if (this.#kind === "server") return;
    clearInterval(this.#beat);
    this.#beat = undefined;
  }

  /** Tells the store what this owner is there for; as a server it beats from then on. */
  async become(kind: OwnerKind): Promise<void> {
    const before = this.#kind;
    this.#kind = kind;
    try {
      await this.#renew();
    } catch (error) {
      this.#kind = before;
      throw error;
    }
    if (kind === "server") this.beat();
  }

  /** Ends the lease at once. When that fails it ends by itself, and what made the store fail has been told by those who needed it. */
  async end(): Promise<void> {
    clearInterval(this.#beat);
    this.#beat = undefined;
    if (this.#isKnown) await this.#parts.store.removeOwner(this.#parts.owner).catch(() => undefined);
    this.#isKnown = false;
  }

  async #renew(): Promise<void> {
    const { store, owner, clock, limits, slots } = this.#parts;
    const before = this.#until;
    const now = clock.now();
    this.#until = now + limits.leaseMs;
    try {
      await store.heartbeat(owner, now + limits.leaseMs, this.#kind);
      this.#isKnown = true;
      // After a sleep longer than the lease, others may have taken the slots that are used here.
      if (before <= now) slots.lookAgain();
    } catch (error) {
      this.#until = before;
      throw error;
    }
  }
}
