/**
 * Asks a prover about every regular expression of the sources whether a hostile text can make it slow, and writes the verdicts down in
 * test/patterns.json, where a test expects each: `node scripts/check-patterns.ts`. Those that are known are not asked again.
 *
 * A verdict is `linear`, `not proved` (the prover ran out of time; the test attacks these), or `bounded: …`, written by hand for one that
 * is slower than linear and never sees a long text from outside.
 */
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { checkSync } from "recheck";
import { findPatterns, splitPattern } from "../test/support/find-patterns.ts";
import { root } from "./lib/root.ts";

// The prover has native forms too; this one needs nothing but Node.
process.env["RECHECK_BACKEND"] = "pure";
const file = join(root, "test/patterns.json");
const known = JSON.parse(await readFile(file, "utf8").catch(() => "{}")) as Record<string, string>;
const verdicts: Record<string, string> = {};
for (const [pattern, files] of await findPatterns()) {
  const verdict = known[pattern] ?? ask(pattern);
  verdicts[pattern] = verdict;
  if (verdict.startsWith("slow")) {
    process.stderr.write(`${files.join(", ")}: ${pattern} is ${verdict}\n`);
    process.exitCode = 1;
  }
}
const sorted = Object.entries(verdicts).toSorted(([a], [b]) => (a < b ? -1 : 1));
await writeFile(file, `${JSON.stringify(Object.fromEntries(sorted), null, 2)}\n`);

function ask(pattern: string): string {
  const { source, flags } = splitPattern(pattern);
  const verdict = checkSync(source, flags, { timeout: 5_000 });
  if (verdict.status === "safe") return "linear";
  return verdict.status === "unknown" ? "not proved" : `slow: ${verdict.complexity.summary}`;
}
