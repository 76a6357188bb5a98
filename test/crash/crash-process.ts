/**
 * For tests: a process that begins the run of `plan.json` in a folder, or goes on with it, and is killed at a crash point that the
 * environment names. It ends with 0 when the run has succeeded.
 *
 *     CRASH_AT=NAME:N node test/crash/crash-process.ts FOLDER
 */
import { appendFileSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Action } from "../../src/engine/contract.ts";
import type { Plan } from "../../src/engine/plan.ts";

// Read by crash-point.ts; must be there before it is loaded.
Object.assign(globalThis, { __CRASH_POINTS__: true });
const [{ builtinActions }, { createEngine }, { openStore }] = await Promise.all([
  import("../../src/actions/builtin-actions.ts"),
  import("../../src/engine/engine.ts"),
  import("../../src/store/open-store.ts"),
]);

const folder = process.argv[2] ?? "";
const state = join(folder, ".mahavishnu");

/** One crash point is only visited by a process that is told to go, as TERM does; the first action tells it. */
const isToldToGo = process.env["CRASH_AT"]?.startsWith("engine.beforeRelease:") === true;

/** Counts itself as the commands do: its beginning, then its end. */
const count: Action = {
  name: "test/count",
  description: "",
  inputSchema: {},
  needsRepository: false,
  run: async (_, { idempotencyKey, attempt }) => {
    if (isToldToGo) void engine.release();
    for (const mark of ["begin", "end"]) {
      appendFileSync(join(folder, "counter"), `${mark} ${idempotencyKey} ${attempt} 0\n`);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return { counted: "yes" };
  },
};

await using store = openStore({ file: join(state, "state.db") });
await using engine = createEngine({
  store,
  actions: new Map([...builtinActions, [count.name, count]]),
  secrets: new Map(),
  baseEnv: { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "" },
  runsFolder: join(state, "runs"),
  worktreesFolder: join(state, "worktrees"),
  allowedRoots: async () => [folder],
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
  const [row] = await store.listRuns({ limit: 1 });
  if (row !== undefined) {
    if (row.endedAt !== null) return row.state;
    // In turn as a server goes on with a run, and as `runs resume` does.
    const handle = row.fence % 2 === 1 ? await engine.take(row.id) : await engine.resume(row.id);
    return (await handle?.done)?.state ?? "no handle";
  }
  const plan = JSON.parse(readFileSync(join(folder, "plan.json"), "utf8")) as Plan;
  const { handle } = await engine.start({ plan, actor: "local:test", reason: "a crash test", idempotencyKey: "crash" });
  return (await handle?.done)?.state ?? "no handle";
}

process.exitCode = (await takePart()) === "succeeded" ? 0 : 3;
