/** `exec -- git rev-parse HEAD` over many repositories, the whole process, against a bare Node loop at the same parallelism. */
import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type BenchResult, measurePairs, median, ratios } from "./lib/bench-result.ts";
import { makeFleet } from "./lib/make-fleet.ts";
import { runQuietly } from "./lib/spawn-sync.ts";

const bar = 1.25;
const root = join(import.meta.dirname, "..");

/** The peer: spawns the same commands, collects their output, and does nothing else. */
const bareLoop = `
const { spawn } = require("node:child_process");
const [parallel, ...repos] = process.argv.slice(1);
let next = 0;
const worker = async () => {
  while (next < repos.length) {
    const cwd = repos[next++];
    await new Promise((resolve, reject) => {
      const child = spawn("git", ["rev-parse", "HEAD"], { cwd, stdio: ["ignore", "pipe", "pipe"] });
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
export async function run(size = 500, pairs = 5): Promise<BenchResult[]> {
  const { folder, repositories } = makeFleet(size);
  try {
    // As many at once as the default of limits.maxConcurrentSteps.
    const parallel = "8";
    const exec = (): void => {
      runQuietly(
        process.execPath,
        [join(root, "bin/mahavishnu.js"), "exec", "--max-parallel", parallel, "--", "git", "rev-parse", "HEAD"],
        { cwd: folder },
      );
    };
    const loop = (): void => runQuietly(process.execPath, ["-e", bareLoop, parallel, ...repositories]);
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
