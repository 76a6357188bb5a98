/** Checking many repositories, the whole process, against a bare Node loop: `node bench/repos-check.ts [REPOSITORIES] [PAIRS]`. */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type BenchResult, measurePairs, median, ratios } from "./lib/bench-result.ts";
import { makeFleet } from "./lib/make-fleet.ts";
import { printResults } from "./lib/print-results.ts";
import { runQuietly } from "./lib/spawn-sync.ts";

const bar = 1.25;

/** The peer: one `git status` in each repository, its output collected, and nothing else. */
const bareLoop = `
const { spawn } = require("node:child_process");
const [parallel, ...repos] = process.argv.slice(1);
let next = 0;
const worker = async () => {
  while (next < repos.length) {
    const cwd = repos[next++];
    await new Promise((resolve, reject) => {
      const child = spawn("git", ["status", "--porcelain=v2"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
      const out = [];
      child.stdout.on("data", (chunk) => out.push(chunk));
      child.stderr.on("data", (chunk) => out.push(chunk));
      child.on("close", (code) => (code === 0 ? resolve() : reject(new Error(String(code)))));
    });
  }
};
Promise.all(Array.from({ length: Number(parallel) }, worker));
`;

/** Measures; `size` repositories. */
export async function run(size = 1_000, pairs = 5): Promise<BenchResult[]> {
  const { folder, repositories } = makeFleet(size);
  try {
    const parallel = String(2 * availableParallelism());
    const ours = (): void =>
      runQuietly(process.execPath, [
        join(import.meta.dirname, "lib/check-fleet.ts"),
        join(folder, "repos.yaml"),
        parallel,
      ]);
    // The first pair, which is not counted, also brings the indexes of the copies up to date.
    const { a, b } = await measurePairs(pairs, ours, () =>
      runQuietly(process.execPath, ["-e", bareLoop, parallel, ...repositories]),
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
