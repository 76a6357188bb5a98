import type { Ending } from "./ending.ts";
import type { RunWriter } from "./run-writer.ts";

interface Waiting {
  readonly writer: RunWriter;
  readonly ending: Ending;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Runs of this process that wait for a run slot of the workspace, oldest first. The store decides; this only asks. */
export class RunQueue {
  readonly #limit: number;
  /** In the order of creation, in which the store lets them begin: an older run behind a younger one would never be asked for. */
  readonly #waiting: Waiting[] = [];
  #asking = false;
  #askAgain = false;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Resolves when the run's start is durable. @throws Interruption when the run ends before */
  async enter(writer: RunWriter, ending: Ending): Promise<void> {
    ending.throwIfEnded();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const entry = { writer, ending, resolve, reject };
    const forget = ending.onEnd((why) => {
      const at = this.#waiting.indexOf(entry);
      // While the store is asked for it, the answer is waited for: it may have begun.
      if (at === -1) return;
      this.#waiting.splice(at, 1);
      reject(why);
    });
    this.#insert(entry);
    this.lookAgain();
    try {
      await promise;
    } finally {
      forget();
    }
  }

  /** Called when a slot may have become free. */
  lookAgain(): void {
    this.#askAgain = true;
    if (!this.#asking && this.#waiting.length > 0) void this.#ask();
  }

  #insert(entry: Waiting): void {
    const at = this.#waiting.findLastIndex((other) => other.writer.position < entry.writer.position);
    this.#waiting.splice(at + 1, 0, entry);
  }

  /** Asks for as many as could be let in; all are decided in one transaction, oldest first. */
  async #ask(): Promise<void> {
    this.#asking = true;
    while (this.#askAgain && this.#waiting.length > 0) {
      this.#askAgain = false;
      const asked = this.#waiting.splice(0, this.#limit);
      const refused = await Promise.all(asked.map((entry) => this.#askFor(entry)));
      if (!refused.includes(true)) this.#askAgain = true;
    }
    this.#asking = false;
  }

  /** True when the run has to wait on. */
  async #askFor(entry: Waiting): Promise<boolean> {
    const { writer, ending, resolve, reject } = entry;
    try {
      if (await writer.start(this.#limit)) {
        resolve();
        return false;
      }
    } catch (error) {
      reject(error);
      return false;
    }
    if (ending.why !== null) reject(ending.why);
    else this.#insert(entry);
    return ending.why === null;
  }
}
