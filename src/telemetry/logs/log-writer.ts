import { closeSync, mkdirSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../lib/errors.ts";
import type { LineSink } from "./line-log.ts";
import { logFileName, logFolderOf } from "./log-folder.ts";

/** Where lines go. */
export interface LogWriterOptions {
  readonly stateFolder: string;
  /** Told once, when a line cannot be written; later ones are tried again. */
  readonly onFault: (text: string) => void;
}

/** Appends lines to the files of the log, by day. Several processes may do so at once: what is given at once is one write at the end of the file. */
export class LogWriter implements Disposable {
  readonly #folder: string;
  readonly #onFault: (text: string) => void;
  #open: { readonly name: string; readonly file: number } | null = null;
  #hasFailed = false;
  /** A write that was cut short has left half a line: the next one begins on its own. */
  #isCut = false;

  constructor({ stateFolder, onFault }: LogWriterOptions) {
    this.#folder = logFolderOf(stateFolder);
    this.#onFault = onFault;
  }

  /** Writes a line, or several with line feeds between them. It never throws: what cannot be logged must not end what is done. */
  readonly write: LineSink = (line) => {
    try {
      const bytes = Buffer.from(`${this.#isCut ? "\n" : ""}${line}\n`);
      this.#isCut = writeSync(this.#fileOf(logFileName(new Date().toISOString())), bytes) < bytes.length;
    } catch (error) {
      // The folder may have been taken away, or come back.
      this[Symbol.dispose]();
      if (this.#hasFailed) return;
      this.#hasFailed = true;
      this.#onFault(`the log cannot be written to ${this.#folder}: ${messageOf(error)}`);
    }
  };

  #fileOf(name: string): number {
    if (this.#open?.name === name) return this.#open.file;
    this[Symbol.dispose]();
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const file = openSync(join(this.#folder, name), "a", 0o600);
    this.#open = { name, file };
    return file;
  }

  [Symbol.dispose](): void {
    if (this.#open === null) return;
    const { file } = this.#open;
    this.#open = null;
    try {
      closeSync(file);
    } catch {
      // It is gone already.
    }
  }
}
