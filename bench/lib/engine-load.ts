/**
 * The engine under the load of the floor script, in a process of its own like the floor: runs of in-process steps that do nothing,
 * 20 at a time, every transition durable.
 *
 *     node bench/lib/engine-load.ts runs [RUNS=2000] [CONCURRENCY=20]
 *     node bench/lib/engine-load.ts steps [RUNS=200] [STEPS=50] [CONCURRENCY=20]
 *
 * Prints one JSON line.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Action } from "../../src/engine/contract.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { openStore } from "../../src/store/open-store.ts";
import type { Step } from "../../src/workflows/types.ts";

const [mode = "runs", ...counts] = process.argv.slice(2);
const [first, second, third] = counts.map(Number);
const [runs, steps, concurrency] =
  mode === "runs" ? [first ?? 2000, 1, second ?? 20] : [first ?? 200, second ?? 50, third ?? 20];

const nothing: Action = {
  name: "bench/nothing",
  description: "Does nothing.",
  inputSchema: {},
  needsRepository: false,
  run: async () => ({}),
};

function makeStep(_: unknown, index: number): Step {
  const action = { kind: "uses", uses: nothing.name, with: {} } as const;
  return { id: `step${index + 1}`, action, env: {}, continueOnError: false, outputs: {}, secrets: [] };
}

const plan: Plan = {
  workflow: {
    name: "bench",
    inputs: {},
    jobs: [
      {
        id: "work",
        needs: [],
        checkout: "inPlace",
        env: {},
        steps: Array.from({ length: steps }, makeStep),
        outputs: {},
        optional: false,
      },
    ],
    finally: [],
    revision: "000000000000",
  },
  inputs: {},
  repositories: {},
  targets: [{ key: "work", job: "work", repository: null, after: [], timeoutMs: 60_000 }],
  runTimeoutMs: 600_000,
};

const folder = mkdtempSync(join(process.env["FLOOR_DIR"] ?? tmpdir(), "mahavishnu-bench-"));
try {
  await using store = openStore({ file: join(folder, "state.db") });
  await using engine = createEngine({
    store,
    actions: new Map([[nothing.name, nothing]]),
    limits: {
      maxConcurrentRuns: concurrency,
      maxConcurrentSteps: concurrency,
      retry: { attempts: 3, backoff: "exponential", firstMs: 1_000, maxMs: 60_000 },
      stepTimeoutMs: null,
      maxOutputBytes: 1 << 20,
      leaseMs: 10_000,
      heartbeatMs: 2_000,
      graceMs: 10_000,
    },
    secrets: new Map(),
    baseEnv: {},
    runsFolder: join(folder, "runs"),
    worktreesFolder: join(folder, "worktrees"),
    allowedRoots: async () => ["/"],
  });
  let begun = 0;
  const started = performance.now();
  await Promise.all(
    Array.from({ length: concurrency }, async () => {
      while (begun < runs) {
        begun += 1;
        const { handle } = await engine.start({ plan, actor: "bench", reason: "bench" });
        const state = await handle?.done;
        if (state?.state !== "succeeded") throw new Error(`a run ended as ${state?.state}: ${state?.cause.reason}`);
      }
    }),
  );
  const seconds = (performance.now() - started) / 1000;
  const { length: kept } = await store.listRuns({ limit: runs + 1, states: ["succeeded"] });
  if (kept !== runs) throw new Error(`${kept} of ${runs} runs are in the store`);
  const result = {
    mode,
    runs,
    steps,
    concurrency,
    seconds,
    runsPerSecond: Math.round(runs / seconds),
    stepsPerSecond: Math.round((runs * steps) / seconds),
    commits: store.commitCount(),
  };
  process.stdout.write(`${JSON.stringify(result)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
