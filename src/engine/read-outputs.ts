import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import type { Outputs } from "./contract.ts";

/** Outputs travel in the journal; what is larger belongs into a file. */
const largestFile = 1024 * 1024;
const form = /^([A-Za-z_][A-Za-z0-9_-]*)=(.*)$/;

/**
 * Reads the `name=value` lines that a step wrote to the file named in `MAHAVISHNU_OUTPUT`, and removes the file.
 *
 * @throws Error that names the line when one is not of that form, or when the file is too large.
 */
export function readOutputs(file: string): Outputs {
  // Most steps write none; asking is much cheaper than an error for each of them.
  if (!existsSync(file)) return {};
  if (statSync(file).size > largestFile) throw new Error(`MAHAVISHNU_OUTPUT is larger than ${largestFile} bytes`);
  const text = readFileSync(file, "utf8");
  rmSync(file, { force: true });
  return parseOutputs(text);
}

/** Parses `name=value` lines; the last line of a name wins, empty lines are passed over. */
export function parseOutputs(text: string): Outputs {
  const outputs: Record<string, string> = {};
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line === "") continue;
    const match = form.exec(line);
    if (match === null)
      throw new Error(
        `MAHAVISHNU_OUTPUT line ${index + 1}: expected name=value, got ${JSON.stringify(line.slice(0, 80))}`,
      );
    Object.defineProperty(outputs, match[1] as string, {
      value: match[2],
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  return outputs;
}
