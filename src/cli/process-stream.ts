import type { OutputStream } from "./command-io.ts";

/** A stream of the process, with what became of it. */
export class ProcessStream {
  readonly #stream: NodeJS.WriteStream;
  readonly #closed = new AbortController();
  #failure: Error | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader went away (`| head`): that is its right, and no failure of the command.
      if (error.code !== "EPIPE") this.#failure ??= error;
      this.#closed.abort();
    });
  }

  /** The stream as command bodies see it. */
  open(colour: boolean): OutputStream {
    const stream = this.#stream;
    const closed = this.#closed.signal;
    return {
      write: (text) => this.write(text),
      isTTY: this.isTTY,
      colour,
      get width() {
        return stream.isTTY ? Math.max(1, stream.columns || 80) : Number.POSITIVE_INFINITY;
      },
      get height() {
        return stream.isTTY ? Math.max(1, stream.rows || 24) : Number.POSITIVE_INFINITY;
      },
      closed,
    };
  }

  get isTTY(): boolean {
    return this.#stream.isTTY;
  }

  /** Columns that help is written for: at most 100, which is what eyes follow easily. */
  get helpWidth(): number {
    return Math.min(100, this.#stream.isTTY ? this.#stream.columns || 80 : 100);
  }

  /** Why writing failed, unless only the reader went away: a full disk, for instance. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  write(text: string): void {
    if (!this.#closed.signal.aborted) this.#stream.write(text);
  }

  /** Resolves when all that was written is with the operating system. */
  async flush(): Promise<void> {
    if (this.#closed.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stream.write("", () => resolve());
    await promise;
  }
}
