/** For tests: a server without HTTP. It records runs or dispatches them until TERM, and writes what it is told of into a file. */
import { appendFileSync } from "node:fs";
import { createEngine } from "../engine/engine.ts";
import type { EngineLimits } from "../engine/engine-parts.ts";
import type { Plan } from "../engine/plan.ts";
import { openStore } from "../store/open-store.ts";
import { startDispatcher } from "./dispatcher.ts";

interface Setup {
  readonly folder: string;
  readonly limits: EngineLimits;
  readonly drainMs: number;
  /** Recorded, and then this process kills itself; without it the process is a server. */
  readonly plan?: Plan;
}

const { folder, limits, drainMs, plan } = JSON.parse(process.argv[2] ?? "{}") as Setup;
const store = openStore({ file: `${folder}/.mahavishnu/state.db` });
const engine = createEngine({
  store,
  actions: new Map(),
  limits,
  secrets: new Map(),
  baseEnv: { PATH: process.env["PATH"] ?? "", TMPDIR: process.env["TMPDIR"] ?? "" },
  runsFolder: `${folder}/.mahavishnu/runs`,
  worktreesFolder: `${folder}/.mahavishnu/worktrees`,
  allowedRoots: async () => [folder],
});

if (plan !== undefined) {
  const { runId } = await engine.record({ plan, actor: "local:test", reason: "a test" });
  appendFileSync(`${folder}/recorded`, runId);
  process.kill(process.pid, "SIGKILL");
}

const dispatcher = await startDispatcher({
  store,
  engine,
  maxConcurrentRuns: limits.maxConcurrentRuns,
  observe: (event) => appendFileSync(`${folder}/told`, `${JSON.stringify({ pid: process.pid, ...event })}\n`),
});

async function drain(): Promise<void> {
  const released = await dispatcher.stop({ drainMs });
  await engine[Symbol.asyncDispose]();
  await store[Symbol.asyncDispose]();
  appendFileSync(`${folder}/released`, `${released.join("\n")}\n`);
  process.exitCode = 0;
  process.disconnect();
}

process.once("SIGTERM", () => {
  // Told once more it does not wait.
  process.once("SIGTERM", () => void dispatcher.stop({ drainMs: 0 }));
  void drain();
});
process.send?.("ready");
// Nobody is left who would end it.
process.on("disconnect", () => setTimeout(() => process.kill(process.pid, "SIGKILL"), 5_000).unref());
