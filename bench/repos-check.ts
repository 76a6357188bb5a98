/** `mahavishnu repos check` of many repositories, the whole command as it is shipped, against a bare Node loop: `node bench/repos-check.ts [REPOSITORIES] [PAIRS]`. */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runBareLoop } from "./lib/bare-loop.ts";
import { type BenchResult, measurePairs, median, ratios } from "./lib/bench-result.ts";
import { makeFleet } from "./lib/make-fleet.ts";
import { printResults } from "./lib/print-results.ts";
import { runQuietly } from "./lib/spawn-sync.ts";

const bar = 1.25;
const mahavishnu = join(import.meta.dirname, "../bin/mahavishnu.js");

/** Measures; `size` repositories. */
export async function run(size = 1_000, pairs = 5): Promise<BenchResult[]> {
  const { folder, repositories } = makeFleet(size);
  try {
    // As many at once as the command itself has.
    const parallel = 2 * availableParallelism();
    const ours = (): void => runQuietly(process.execPath, [mahavishnu, "repos", "check"], { cwd: folder });
    // The first pair, which is not counted, also brings the indexes of the copies up to date.
    const { a, b } = await measurePairs(pairs, ours, () =>
      runBareLoop(["status", "--porcelain=v2"], parallel, repositories),
    );
    const figure = median(ratios(a, b));
    const note = `${size} repositories, ${parallel} at once on ${availableParallelism()} cores: ${Math.round(median(a))} ms against ${Math.round(median(b))} ms`;
    return [
      {
        name: "repos check",
        bar: `<= ${bar} x a bare Node loop of git status`,
        figure,
        unit: "x",
        ok: figure <= bar,
        samples: ratios(a, b),
        note,
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));
