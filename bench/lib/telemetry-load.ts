/**
 * A workspace that is served, under the load of runs of steps that do nothing, 20 at a time: in-process ones, or with `commands` a
 * process each.
 *
 *     node bench/lib/telemetry-load.ts runs|steps|commands ENDPOINT     with logs, metrics and traces
 *     node bench/lib/telemetry-load.ts runs|steps|commands off          with none of them
 *
 * Prints one JSON line.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../../src/app/open-app.ts";
import { planNamed } from "../../src/app/plan-workflow.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import type { Action } from "../../src/engine/contract.ts";
import { serve } from "../../src/server/serve.ts";

const [mode = "runs", endpoint = "off"] = process.argv.slice(2);
const loads: Readonly<Record<string, readonly [runs: number, steps: number]>> = {
  commands: [600, 1],
  runs: [3_000, 1],
  steps: [200, 50],
};
const [runs, steps] = loads[mode] ?? [1, 1];
const concurrency = 20;

const nothing: Action = {
  name: "bench/nothing",
  description: "Does nothing.",
  inputSchema: {},
  needsRepository: false,
  run: async () => ({}),
};

const on = {
  logs: { level: "info" },
  metrics: { enabled: true },
  traces: { otlp: endpoint },
};
const off = { logs: { level: "error" }, metrics: { enabled: false } };

const workspace = mkdtempSync(join(process.env["FLOOR_DIR"] ?? tmpdir(), "mahavishnu-bench-"));
try {
  const config = {
    version: 1,
    auth: { enabled: false },
    server: { port: 0 },
    limits: { maxConcurrentWorkflows: concurrency, maxConcurrentSteps: concurrency },
    telemetry: endpoint === "off" ? off : on,
  };
  const step = mode === "commands" ? { run: "true" } : { uses: nothing.name };
  const work = { steps: Array.from({ length: steps }, (_, index) => ({ id: `step${index}`, ...step })) };
  mkdirSync(join(workspace, "workflows"));
  writeFileSync(join(workspace, "mahavishnu.yaml"), JSON.stringify(config));
  writeFileSync(join(workspace, "repos.yaml"), "version: 1\nrepos: {}\n");
  writeFileSync(join(workspace, "workflows/bench.yaml"), JSON.stringify({ version: 1, name: "bench", jobs: { work } }));

  let dropped = 0;
  const env = { PATH: process.env["PATH"] };
  // As `serve` writes its log: by pino, to the files and to whoever reads.
  const stderr = (text: string): void => {
    dropped += Number(/"spans":(\d+)/.exec(text)?.[1] ?? 0);
  };
  const app = Object.assign(openApp({ loaded: await loadConfig({ workspace, env, set: [] }), env, stderr }), {
    actions: async () => new Map([[nothing.name, nothing]]),
  });
  const stop = new AbortController();
  const ready = Promise.withResolvers<unknown>();
  const request = {
    app,
    stop: stop.signal,
    onReady: ready.resolve,
    onDispatch: () => undefined,
  };
  const served = serve(request);
  await Promise.race([ready.promise, served]);
  const [engine, plan] = [await app.engine(), await planNamed(app, { workflow: "bench", inputs: {} })];
  let begun = 0;
  const cpu = process.threadCpuUsage();
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
  const { user, system } = process.threadCpuUsage(cpu);
  stop.abort();
  await served;
  await app[Symbol.asyncDispose]();
  const perSecond = Math.round((runs * steps) / seconds);
  process.stdout.write(`${JSON.stringify({ mode, perSecond, seconds, cpuSeconds: (user + system) / 1e6, dropped })}\n`);
} finally {
  rmSync(workspace, { recursive: true, force: true });
}
