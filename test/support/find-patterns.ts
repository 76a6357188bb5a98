import { glob, readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseSync } from "rolldown/utils";

const root = join(import.meta.dirname, "../..");

/** Every regular expression that the product's sources write down, as `/source/flags`, with the files that hold it. */
export async function findPatterns(): Promise<Map<string, string[]>> {
  const found = new Map<string, string[]>();
  for await (const file of glob("src/**/*.ts", { cwd: root })) {
    if (/\.test\.ts$|-fixture\.ts$|-arbitraries\.ts$/.test(file)) continue;
    collect(parseSync(file, await readFile(join(root, file), "utf8")).program, (pattern) => {
      found.set(pattern, [...(found.get(pattern) ?? []), file]);
    });
  }
  return found;
}

function collect(node: unknown, add: (pattern: string) => void): void {
  if (Array.isArray(node)) for (const child of node) collect(child, add);
  if (typeof node !== "object" || node === null || Array.isArray(node)) return;
  const { regex } = node as { readonly regex?: { readonly pattern: string; readonly flags: string } | null };
  if (regex !== undefined && regex !== null) add(`/${regex.pattern}/${regex.flags}`);
  for (const child of Object.values(node)) collect(child, add);
}

/** The parts of `/source/flags`. */
export function splitPattern(pattern: string): { readonly source: string; readonly flags: string } {
  const end = pattern.lastIndexOf("/");
  return { source: pattern.slice(1, end), flags: pattern.slice(end + 1) };
}
