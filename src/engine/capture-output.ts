import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { createMask } from "./mask-secrets.ts";
import type { OutputRecord } from "./state.ts";

/** Small outputs are written once, at the end; a growing one at least this often, so that it can be followed. */
const flushEveryMs = 200;
const flushAtBytes = 64 * 1024;
const lastLineLength = 200;

/** What became of a step's output. */
export interface CapturedOutput {
  /** Null when nothing was printed. */
  readonly record: OutputRecord | null;
  readonly lastLine: string | null;
}

/** Keeps what one attempt prints: masked, at most `limit` bytes, in one file. */
export class OutputCapture {
  readonly #runFolder: string;
  readonly #file: string;
  readonly #limit: number;
  readonly #mask;
  readonly #hash = createHash("sha256");
  #descriptor: number | undefined;
  #buffered: Buffer[] = [];
  #bufferedBytes = 0;
  #written = 0;
  #dropped = 0;
  #tail = "";
  #timer: NodeJS.Timeout | undefined;

  constructor(options: {
    readonly runFolder: string;
    readonly file: string;
    readonly limit: number;
    readonly secrets: readonly string[];
  }) {
    this.#runFolder = options.runFolder;
    this.#file = options.file;
    this.#limit = options.limit;
    this.#mask = createMask(options.secrets);
  }

  /** Takes what was printed. */
  write(chunk: Buffer): void {
    this.#keep(this.#mask.push(chunk));
  }

  /** Adds a line of our own, such as why the step was ended. */
  note(line: string): void {
    this.write(
      Buffer.from(`${this.#written + this.#bufferedBytes > 0 && !this.#tail.endsWith("\n") ? "\n" : ""}${line}\n`),
    );
  }

  /** Writes the rest and says what was kept. */
  end(): CapturedOutput {
    this.#keep(this.#mask.end());
    if (this.#dropped > 0) {
      const note = Buffer.from(
        `\n[${this.#dropped} more bytes were dropped: limits.maxOutputBytes is ${this.#limit}]\n`,
      );
      this.#buffered.push(note);
      this.#bufferedBytes += note.length;
    }
    this.#flush();
    clearTimeout(this.#timer);
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
    const record =
      this.#written === 0
        ? null
        : { file: this.#file, bytes: this.#written, sha256: this.#hash.digest("hex"), truncated: this.#dropped > 0 };
    return { record, lastLine: this.#lastLine() };
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const room = Math.max(0, this.#limit - this.#written - this.#bufferedBytes);
    const part = bytes.length <= room ? bytes : bytes.subarray(0, room);
    this.#dropped += bytes.length - part.length;
    this.#tail = (this.#tail + bytes.subarray(-4 * lastLineLength).toString("utf8")).slice(-4 * lastLineLength);
    if (part.length === 0) return;
    this.#buffered.push(part);
    this.#bufferedBytes += part.length;
    if (this.#bufferedBytes >= flushAtBytes) this.#flush();
    else this.#timer ??= setTimeout(() => this.#flush(), flushEveryMs).unref();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#bufferedBytes === 0) return;
    const bytes = Buffer.concat(this.#buffered, this.#bufferedBytes);
    this.#buffered = [];
    this.#bufferedBytes = 0;
    if (this.#descriptor === undefined) {
      this.#descriptor = openInFolder(join(this.#runFolder, this.#file));
    }
    for (let at = 0; at < bytes.length;) at += writeSync(this.#descriptor, bytes, at);
    this.#hash.update(bytes);
    this.#written += bytes.length;
  }

  #lastLine(): string | null {
    const line = this.#tail.trimEnd().split("\n").at(-1)?.trim() ?? "";
    return line === "" ? null : line.slice(0, lastLineLength);
  }
}

/** The folder is usually there: it is made only when opening the file fails. */
function openInFolder(path: string): number {
  try {
    return openSync(path, "w", 0o600);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, "w", 0o600);
  }
}
