import { createHash } from "node:crypto";
import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { messageOf } from "../lib/errors.ts";
import type { Mask } from "../lib/mask-secrets.ts";
import type { OutputRecord } from "./state.ts";

/** Small outputs are written once, at the end; a growing one at least this often, so that it can be followed. */
const flushEveryMs = 200;
const flushAtBytes = 64 * 1024;
const lastLineLength = 200;

/** What became of a step's output. */
export interface CapturedOutput {
  /** Null when nothing was printed. */
  readonly record: OutputRecord | null;
  /** Without colours and other control characters; null when nothing was printed. */
  readonly lastLine: string | null;
  /** Why the output, or a part of it, could not be kept; null when it was. */
  readonly problem: string | null;
}

/** Where and how an output is kept. */
export interface CaptureOptions {
  readonly runFolder: string;
  /** Relative to the run's folder. */
  readonly file: string;
  /** Bytes; what comes after is dropped and counted. */
  readonly limit: number;
  readonly mask: Mask;
}

/**
 * Keeps what one attempt prints: masked, at most `limit` bytes, in one file. It never throws: a disk that is full must not end the
 * step, and is told at the end.
 */
export class OutputCapture {
  readonly #options: CaptureOptions;
  readonly #hash = createHash("sha256");
  #descriptor: number | undefined;
  #buffered: Buffer[] = [];
  #bufferedBytes = 0;
  #written = 0;
  #dropped = 0;
  #tail = "";
  #timer: NodeJS.Timeout | undefined;
  #problem: string | null = null;
  #ended = false;

  constructor(options: CaptureOptions) {
    this.#options = options;
  }

  /** Takes what was printed. What comes after the end, from an action that was left behind, is dropped. */
  write(chunk: Buffer): void {
    if (!this.#ended) this.#keep(this.#options.mask.push(chunk));
  }

  /** Adds a line of our own, such as why the step was ended. */
  note(line: string): void {
    this.write(Buffer.from(`${this.#tail === "" || this.#tail.endsWith("\n") ? "" : "\n"}${line}\n`));
  }

  /** Writes the rest and says what was kept. */
  end(): CapturedOutput {
    if (!this.#ended) this.#finish();
    const { file } = this.#options;
    const [bytes, truncated] = [this.#written, this.#dropped > 0];
    const record = bytes === 0 ? null : { file, bytes, sha256: this.#hash.copy().digest("hex"), truncated };
    return { record, lastLine: this.#lastLine(), problem: this.#problem };
  }

  #finish(): void {
    this.#keep(this.#options.mask.end());
    this.#ended = true;
    if (this.#dropped > 0) {
      const { limit } = this.#options;
      const note = Buffer.from(`\n[${this.#dropped} more bytes were dropped: limits.maxOutputBytes is ${limit}]\n`);
      this.#buffered.push(note);
      this.#bufferedBytes += note.length;
    }
    this.#flush();
    clearTimeout(this.#timer);
    this.#close();
  }

  /** Quotas and network disks may tell only now that what was written has not been kept. */
  #close(): void {
    if (this.#descriptor === undefined) return;
    try {
      closeSync(this.#descriptor);
    } catch (error) {
      this.#problem ??= messageOf(error);
    }
  }

  #keep(bytes: Buffer): void {
    if (bytes.length === 0) return;
    const room = Math.max(0, this.#options.limit - this.#written - this.#bufferedBytes);
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
    if (this.#problem !== null) return;
    try {
      this.#descriptor ??= openInFolder(join(this.#options.runFolder, this.#options.file));
      for (let at = 0; at < bytes.length;) {
        const length = writeSync(this.#descriptor, bytes, at);
        this.#hash.update(bytes.subarray(at, at + length));
        this.#written += length;
        at += length;
      }
    } catch (error) {
      this.#problem = messageOf(error);
    }
  }

  #lastLine(): string | null {
    const plain = stripVTControlCharacters(this.#tail);
    // A carriage return begins a line anew: progress bars use it.
    const line =
      plain
        .trimEnd()
        .split(/[\r\n]/)
        .at(-1) ?? "";
    // oxlint-disable-next-line no-control-regex
    const text = line.replaceAll(/[\u0000-\u001F\u007F-\u009F]/g, "").trim();
    return text === "" ? null : text.slice(0, lastLineLength).toWellFormed();
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
