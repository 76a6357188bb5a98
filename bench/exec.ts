/** `exec -- git rev-parse HEAD` over many repositories, the whole process, against a bare Node loop at the same parallelism. */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { runBareLoop } from "./lib/bare-loop.ts";
import { type BenchResult, measurePairs, median, ratios } from "./lib/bench-result.ts";
import { makeFleet } from "./lib/make-fleet.ts";
import { runQuietly } from "./lib/spawn-sync.ts";

const bar = 1.25;
const root = join(import.meta.dirname, "..");

/** Measures; `size` repositories. */
export async function run(size = 500, pairs = 5): Promise<BenchResult[]> {
  const { folder, repositories } = makeFleet(size);
  try {
    // As many at once as the default of limits.maxConcurrentSteps.
    const parallel = 8;
    const exec = (): void => {
      runQuietly(
        process.execPath,
        [join(root, "bin/mahavishnu.js"), "exec", "--max-parallel", String(parallel), "--", "git", "rev-parse", "HEAD"],
        { cwd: folder },
      );
    };
    const loop = (): void => runBareLoop(["rev-parse", "HEAD"], parallel, repositories);
    const { a, b } = await measurePairs(pairs, exec, loop);
    const figure = median(ratios(a, b));
    const xargs = (): void =>
      runQuietly("sh", [
        "-c",
        `printf '%s\\n' "$@" | xargs -P ${parallel} -I{} git -C {} rev-parse HEAD`,
        "sh",
        ...repositories,
      ]);
    const third = await measurePairs(2, exec, xargs);
    const note = `${size} repositories, ${parallel} at once on ${availableParallelism()} cores: ${Math.round(median(a))} ms against ${Math.round(median(b))} ms; ${median(ratios(third.a, third.b)).toFixed(2)} x of xargs -P`;
    return [
      {
        name: "exec over repositories",
        bar: `<= ${bar} x a bare Node loop`,
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
