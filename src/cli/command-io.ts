import type { Interrupts } from "./interrupts.ts";

/** Where a command writes: the standard output or error, or a buffer in tests. */
export interface OutputStream {
  write(text: string): void;
  /** A person looks at it: live blocks are drawn and lines are fitted. */
  readonly isTTY: boolean;
  /** Whether colour is wanted here (flag, environment, terminal). */
  readonly colour: boolean;
  /** Whether characters beyond ASCII can be shown here (locale). */
  readonly unicode: boolean;
  /** Columns; Infinity when nobody looks, so that nothing is cut. Changes when the window does. */
  readonly width: number;
  /** Rows; Infinity when nobody looks. */
  readonly height: number;
  /** Aborted when the reader has gone away; whoever follows something ends then. */
  readonly closed: AbortSignal;
}

/** All that a command's body knows of the process it runs in. */
export interface CommandIo {
  /** Results. With `-o json` or `-o ndjson` nothing else is written here. */
  readonly stdout: OutputStream;
  /** Everything meant for eyes only, and errors. */
  readonly stderr: OutputStream;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  readonly interrupts: Interrupts;
}

/** Writes lines, each ended. */
export function writeLines(stream: OutputStream, lines: readonly string[]): void {
  if (lines.length > 0) stream.write(`${lines.join("\n")}\n`);
}

/** Writes one JSON document of ours; all of them say by which version of their shape they go. */
export function writeJson(stream: OutputStream, document: object): void {
  stream.write(`${JSON.stringify({ schemaVersion: 1, ...document }, null, 2)}\n`);
}

/** Writes values as lines of JSON. */
export function writeNdjson(stream: OutputStream, values: Iterable<unknown>): void {
  for (const value of values) stream.write(`${JSON.stringify(value)}\n`);
}
