import type { RunWriter } from "./run-writer.ts";

interface Waiting {
  readonly writer: RunWriter;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Runs of this process that wait for a run slot of the workspace, first come first served. The store decides; this only asks. */
export class RunQueue {
  readonly #limit: number;
  readonly #waiting: Waiting[] = [];
  #asking = false;
  #askAgain = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when the run's start is durable. Rejects with the signal's reason when it is aborted before. */
  async enter(writer: RunWriter, signal: AbortSignal): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { writer, resolve, reject };
    const leave = (): void => {
      const at = this.#waiting.indexOf(entry);
      if (at === -1) return;
      this.#waiting.splice(at, 1);
      reject(signal.reason);
    };
    if (signal.aborted) throw signal.reason;
    signal.addEventListener("abort", leave, { once: true });
    this.#waiting.push(entry);
    this.lookAgain();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", leave);
    }
  }

  /** Called when a slot may have become free. */
  lookAgain(): void {
    this.#askAgain = true;
    if (!this.#asking) void this.#ask();
  }

  /** Asks for as many as could be let in; all are decided in one transaction, oldest first. */
  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#askAgain) {
      this.#askAgain = false;
      const asked = this.#waiting.splice(0, this.#limit);
      const left = await Promise.all(
        asked.map(async (entry) => {
          try {
            if (!(await entry.writer.start(this.#limit))) return [entry];
            entry.resolve();
          } catch (error) {
            entry.reject(error);
          }
          return [];
        }),
      );
      this.#waiting.unshift(...left.flat());
      if (left.every((entries) => entries.length === 0) && this.#waiting.length > 0) this.#askAgain = true;
    }
    this.#asking = false;
  }
}
