/**
 * A run of many targets that all wait for one, and what this process needs for them: resident memory at its highest, from the
 * start of the run until every target has been executed.
 *
 *     node bench/lib/memory-load.ts [TARGETS=10000]
 *
 * Prints one JSON line.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Action } from "../../src/engine/contract.ts";
import { createEngine } from "../../src/engine/engine.ts";
import type { Plan } from "../../src/engine/plan.ts";
import { openStore } from "../../src/store/open-store.ts";

const count = Number(process.argv[2] ?? 10_000);
const names = Array.from({ length: count }, (_, index) => `repository-${index}`);
const folder = mkdtempSync(join(tmpdir(), "mahavishnu-bench-"));
// All targets work in the same repository, in place.
execFileSync("git", ["init", "--quiet", folder]);

let highest = 0;
const look = (): number => {
  const now = process.memoryUsage.rss();
  highest = Math.max(highest, now);
  return now;
};

const gate = Promise.withResolvers<void>();
const action = (name: string, body: () => Promise<void>): Action => ({
  name,
  description: "",
  inputSchema: {},
  needsRepository: false,
  run: async () => {
    await body();
    return {};
  },
});
const actions = [action("bench/gate", () => gate.promise), action("bench/nothing", async () => {})];
const step = { env: {}, continueOnError: false, outputs: {}, secrets: [] };
const job = { needs: [], checkout: "inPlace", env: {}, outputs: {}, optional: false } as const;

const plan: Plan = {
  workflow: {
    name: "bench",
    inputs: {},
    jobs: [
      { ...job, id: "first", steps: [{ ...step, id: "wait", action: { kind: "uses", uses: "bench/gate", with: {} } }] },
      {
        ...job,
        id: "all",
        needs: ["first"],
        sweep: { order: "none", onFailure: { mode: "continue" }, allowEmpty: false },
        steps: ["one", "two", "three"].map((id) => ({
          ...step,
          id,
          action: { kind: "uses", uses: "bench/nothing", with: {} },
        })),
      },
    ],
    finally: [],
    revision: "000000000000",
  },
  inputs: {},
  repositories: Object.fromEntries(
    names.map((name, index) => {
      const repository = {
        name,
        index,
        path: folder,
        tags: ["lang/ts", "team/edge"],
        optional: false,
        env: {},
        base: null,
      };
      return [name, repository] as const;
    }),
  ),
  targets: [
    { key: "first", job: "first", repository: null, after: [], timeoutMs: 600_000 },
    ...names.map((name) => ({
      key: `all/${name}`,
      job: "all",
      repository: name,
      after: [{ target: "first", because: "job" as const }],
      timeoutMs: 60_000,
    })),
  ],
  runTimeoutMs: 600_000,
};

try {
  await using store = openStore({ file: join(folder, "state.db") });
  await using engine = createEngine({
    store,
    actions: new Map(actions.map((each) => [each.name, each] as const)),
    limits: {
      maxConcurrentRuns: 10,
      maxConcurrentSteps: 8,
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
  const before = look();
  const { handle } = await engine.start({ plan, actor: "bench", reason: "bench" });
  while (handle?.state.targets.get("first")?.state !== "running") await new Promise((resolve) => setImmediate(resolve));
  const queued = look();
  const timer = setInterval(look, 20);
  gate.resolve();
  const state = await handle.done;
  clearInterval(timer);
  look();
  if (state.counts.succeeded !== count + 1)
    throw new Error(`${state.counts.succeeded} of ${count + 1} targets succeeded`);
  const mebibytes = (bytes: number): number => Math.round(bytes / 1024 / 1024);
  const figures = { before: mebibytes(before), queued: mebibytes(queued), highest: mebibytes(highest) };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
