/**
 * For tests: a process that begins the purge of `order.json` in a folder, or goes on with it, and is killed at a crash point that the
 * environment names. It ends with 0 when the purge has succeeded.
 *
 *     CRASH_AT=NAME:N node test/crash/purge-process.ts FOLDER
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PurgeOrder } from "../../src/app/purge/purge-order.ts";

// Read by crash-point.ts; must be there before it is loaded.
Object.assign(globalThis, { __CRASH_POINTS__: true });
const [{ makeSystemActions }, { planPurge, purgeName }, { createEngine }, { openStore }] = await Promise.all([
  import("../../src/app/system-actions.ts"),
  import("../../src/app/purge/plan-purge.ts"),
  import("../../src/engine/engine.ts"),
  import("../../src/store/open-store.ts"),
]);

const folder = process.argv[2] ?? "";
const stateFolder = join(folder, ".mahavishnu");
const runsFolder = join(stateFolder, "runs");
const worktreesFolder = join(stateFolder, "worktrees");
const allowedRoots = async (): Promise<readonly string[]> => await Promise.resolve([folder]);

await using store = openStore({ file: join(stateFolder, "state.db") });
await using engine = createEngine({
  store,
  actions: makeSystemActions({ store, stateFolder, runsFolder, worktreesFolder, allowedRoots }),
  secrets: new Map(),
  baseEnv: {},
  runsFolder,
  worktreesFolder,
  allowedRoots,
  limits: {
    maxConcurrentRuns: 2,
    maxConcurrentSteps: 3,
    retry: { attempts: 1, backoff: "fixed", firstMs: 1, maxMs: 1 },
    stepTimeoutMs: null,
    maxOutputBytes: 1 << 20,
    leaseMs: 10_000,
    heartbeatMs: 2_000,
    graceMs: 2_000,
  },
});

async function takePart(): Promise<string> {
  const [row] = await store.listRuns({ workflow: purgeName, limit: 1 });
  if (row !== undefined) return row.endedAt === null ? await resume(row.id) : row.state;
  const order = JSON.parse(readFileSync(join(folder, "order.json"), "utf8")) as PurgeOrder;
  const { handle } = await engine.start({ plan: planPurge(order), actor: "local:test", reason: "a crash test" });
  return (await handle?.done)?.state ?? "no handle";
}

async function resume(id: string): Promise<string> {
  const handle = await engine.resume(id);
  return (await handle.done).state;
}

process.exitCode = (await takePart()) === "succeeded" ? 0 : 3;
