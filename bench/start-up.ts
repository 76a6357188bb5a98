/** Whole processes that do little: what a person waits for at every call. */
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { type BenchResult, measurePairs, median } from "./lib/bench-result.ts";
import { runQuietly } from "./lib/spawn-sync.ts";
import { tmpdir } from "node:os";

const root = join(import.meta.dirname, "..");
const mahavishnu = join(root, "bin/mahavishnu.js");

/** Measures; `runs` processes of each. */
export async function run(runs = 20): Promise<BenchResult[]> {
  const folder = mkdtempSync(join(tmpdir(), "mahavishnu-bench-"));
  try {
    runQuietly(process.execPath, [mahavishnu, "init", "--demo", folder]);
    const results: BenchResult[] = [];
    const compare = async (name: string, args: readonly string[], factor: number, plusMs: number): Promise<void> => {
      const command = (): void =>
        runQuietly(process.execPath, [mahavishnu, ...args], { cwd: folder, expect: [0, 1, 2] });
      const { a, b } = await measurePairs(runs, command, () => runQuietly(process.execPath, ["-e", "0"]));
      const [figure, bare] = [median(a), median(b)];
      const limit = factor * bare + plusMs;
      const bar = `<= ${factor} x bare node${plusMs === 0 ? "" : ` + ${plusMs} ms`}`;
      const note = `${figure.toFixed(0)} ms; bare node ${bare.toFixed(0)} ms, so at most ${limit.toFixed(0)} ms`;
      results.push({ name, bar, figure: figure / bare, unit: "x", ok: figure <= limit, samples: a, note });
    };
    await compare("production check-config on the demo", ["production", "check-config"], 2.8, 15);
    await compare("--help", ["--help"], 1.6, 0);
    await compare("--version", ["--version"], 1.6, 0);
    return results;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
