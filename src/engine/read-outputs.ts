import { closeSync, constants, existsSync, fstatSync, openSync, readSync, rmSync } from "node:fs";
import type { Outputs } from "./contract.ts";

/** Outputs travel in the journal; what is larger belongs into a file. */
const largestFile = 1024 * 1024;
const form = /^([A-Za-z_][A-Za-z0-9_-]*)=(.*)$/s;

/**
 * Reads the `name=value` lines that a step wrote to the file named in `MAHAVISHNU_OUTPUT`, and removes the file.
 *
 * @throws Error that names the line when one is not of that form, when the file is too large, or when it is no file.
 */
export function readOutputs(file: string): Outputs {
  // Most steps write none; asking is much cheaper than an error for each of them.
  if (!existsSync(file)) return {};
  try {
    return parseOutputs(readText(file));
  } finally {
    rmSync(file, { force: true, recursive: true });
  }
}

function readText(file: string): string {
  // A step could have put a pipe there, whose opening would wait for ever.
  const descriptor = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stats = fstatSync(descriptor);
    if (!stats.isFile()) throw new Error("MAHAVISHNU_OUTPUT is no file any more");
    if (stats.size > largestFile) throw new Error(`MAHAVISHNU_OUTPUT is larger than ${largestFile} bytes`);
    const bytes = Buffer.alloc(stats.size);
    return bytes.toString("utf8", 0, readSync(descriptor, bytes));
  } finally {
    closeSync(descriptor);
  }
}

/** Parses `name=value` lines; the last line of a name wins, empty lines are passed over. */
export function parseOutputs(text: string): Outputs {
  const outputs: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "") continue;
    const match = form.exec(line);
    if (match === null) {
      throw new Error(
        `MAHAVISHNU_OUTPUT line ${index + 1}: expected name=value, got ${JSON.stringify(line.slice(0, 80))}`,
      );
    }
    // Defined, not assigned: `__proto__` is a name like any other here.
    Object.defineProperty(outputs, match[1] as string, {
      value: match[2],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return outputs;
}
