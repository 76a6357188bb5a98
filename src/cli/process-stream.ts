import type { OutputStream } from "./command-io.ts";

/** A stream of the process, opened when something is first written or asked, with what became of it. */
export class ProcessStream {
  readonly #open: () => NodeJS.WriteStream;
  readonly #closed = new AbortController();
  #stream: NodeJS.WriteStream | undefined;
  #failure: Error | undefined;

  constructor(open: () => NodeJS.WriteStream) {
    this.#open = open;
  }

  /** The stream as command bodies see it. */
  open(colour: boolean, unicode: boolean): OutputStream {
    const stream = this.#opened();
    return {
      write: (text) => this.write(text),
      isTTY: this.isTTY,
      colour,
      unicode,
      get width() {
        return stream.isTTY ? Math.max(1, stream.columns || 80) : Number.POSITIVE_INFINITY;
      },
      get height() {
        return stream.isTTY ? Math.max(1, stream.rows || 24) : Number.POSITIVE_INFINITY;
      },
      closed: this.#closed.signal,
    };
  }

  get isTTY(): boolean {
    // A pipe has no such property at all, whatever its type says.
    const { isTTY }: { readonly isTTY?: boolean } = this.#opened();
    return isTTY ?? false;
  }

  /** Columns that help is written for: at most 100, which is what eyes follow easily. */
  get helpWidth(): number {
    return Math.min(100, this.isTTY ? this.#opened().columns || 80 : 100);
  }

  /** Why writing failed, unless only the reader went away: a full disk, for instance. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  write(text: string): void {
    if (!this.#closed.signal.aborted) this.#opened().write(text);
  }

  /** Resolves when all that was written is with the operating system. */
  async flush(): Promise<void> {
    if (this.#stream === undefined || this.#closed.signal.aborted) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#stream.write("", () => resolve());
    await promise;
  }

  #opened(): NodeJS.WriteStream {
    if (this.#stream !== undefined) return this.#stream;
    const stream = this.#open();
    stream.on("error", (error: NodeJS.ErrnoException) => {
      // The reader went away (`| head`): that is its right, and no failure of the command.
      if (error.code !== "EPIPE") this.#failure ??= error;
      this.#closed.abort();
    });
    this.#stream = stream;
    return stream;
  }
}
