import { open } from "node:fs/promises";
import type { ErrorCode } from "../../lib/error-catalogue.ts";
import type { Report } from "../report/report.ts";
import type { SuiteEvent } from "../run-stages.ts";

/** Why a suite has no report. */
export interface SuiteFailure {
  readonly code: ErrorCode;
  readonly message: string;
  readonly fix: string;
}

/** How a suite ended, as its command has printed it. */
export type SuiteEnd =
  | { readonly type: "report"; readonly report: Report }
  | { readonly type: "error"; readonly error: SuiteFailure };

/** Reads the lines of a suite as they are written, each once. */
export class SuiteLines {
  readonly #file: string;
  #offset = 0;
  #rest: Buffer = Buffer.alloc(0);
  #end: SuiteEnd | null = null;

  constructor(file: string) {
    this.#file = file;
  }

  /** Null until its last line is there. */
  get end(): SuiteEnd | null {
    return this.#end;
  }

  /** The events that were written since; a line that is not whole yet is left for the next time. */
  async readOn(): Promise<readonly SuiteEvent[]> {
    const text = await this.#readText();
    const events: SuiteEvent[] = [];
    for (const line of text.split("\n")) {
      const value = parseLine(line);
      if (value === null) continue;
      if ("error" in value) this.#end = { type: "error", error: value.error };
      else if (value.type === "report") this.#end = value;
      else events.push(value);
    }
    return events;
  }

  /** Whole lines alone. */
  async #readText(): Promise<string> {
    await using file = await open(this.#file, "r");
    const { size } = await file.stat();
    if (size <= this.#offset) return "";
    const { buffer, bytesRead } = await file.read({
      buffer: Buffer.alloc(size - this.#offset),
      position: this.#offset,
    });
    this.#offset += bytesRead;
    const bytes = Buffer.concat([this.#rest, buffer.subarray(0, bytesRead)]);
    const cut = bytes.lastIndexOf(0x0a) + 1;
    this.#rest = bytes.subarray(cut);
    return bytes.subarray(0, cut).toString("utf8");
  }
}

type SuiteLine = SuiteEvent | SuiteEnd | { readonly error: SuiteFailure };

/** What is no line of ours, such as half a line of a process that was killed, is nothing. */
function parseLine(line: string): Exclude<SuiteLine, { readonly type: "error" }> | null {
  if (line === "") return null;
  try {
    return JSON.parse(line) as Exclude<SuiteLine, { readonly type: "error" }>;
  } catch {
    return null;
  }
}
