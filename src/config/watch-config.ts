import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type LoadedConfig, localFileOf } from "./load-config.ts";

/**
 * Remembers what the files of a configuration hold now, and tells later whether that is still so: whoever lives long goes on with what it
 * has read at its beginning.
 *
 * @returns whether a file holds something else, has come or has gone
 * @example
 * const hasChanged = watchConfig(loaded);
 */
export function watchConfig({ files }: Pick<LoadedConfig, "files">): () => boolean {
  const main = files[0];
  const all = new Set(main === undefined ? files : [...files, localFileOf(main)]);
  const read = (): string => [...all].map(digestOf).join(" ");
  const first = read();
  return () => read() !== first;
}

/** Empty for what cannot be read. */
function digestOf(file: string): string {
  try {
    return createHash("sha256").update(readFileSync(file)).digest("base64");
  } catch {
    return "";
  }
}
