import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openApp } from "../../src/app/open-app.ts";
import { perform } from "../../src/app/perform.ts";
import { startRun } from "../../src/app/use-cases/start-run.ts";
import { loadConfig } from "../../src/config/load-config.ts";
import { type ChildServer, startChild } from "./child-server.ts";

const mahavishnu = join(import.meta.dirname, "../../bin/mahavishnu.js");
const secret = "a secret for benchmarks, long enough";

/** A workspace that is served by the command as it is shipped, in a process of its own. */
export interface ServedWorkspace extends AsyncDisposable {
  readonly folder: string;
  readonly server: ChildServer;
  /** Of an operator. */
  readonly token: string;
}

/** Makes a workspace of plain folders with a history of runs that did nothing, and serves it. `further`: more keys of its configuration. */
export async function serveWorkspace(
  runs: number,
  workflows: Readonly<Record<string, object>> = {},
  further: Readonly<Record<string, object>> = {},
): Promise<ServedWorkspace> {
  const folder = mkdtempSync(join(tmpdir(), "bench-server-"));
  mkdirSync(join(folder, "workflows"));
  const config = {
    version: 1,
    auth: { secret },
    server: { port: 0, requestsPerMinute: 10_000_000, maxConnections: 10_000 },
    limits: { maxConcurrentWorkflows: 20 },
    access: { bindings: [{ subject: "service:bench", role: "operator" }] },
    telemetry: { logs: { level: "warn" } },
    ...further,
  };
  writeFileSync(join(folder, "mahavishnu.yaml"), JSON.stringify(config), { mode: 0o600 });
  writeFileSync(join(folder, "repos.yaml"), "version: 1\nrepos: {}\n");
  const nothing = { jobs: { nothing: { steps: [{ id: "nothing", run: "true", if: "${{ false }}" }] } } };
  for (const [name, workflow] of Object.entries({ nothing, ...workflows })) {
    writeFileSync(join(folder, "workflows", `${name}.yaml`), JSON.stringify({ version: 1, name, ...workflow }));
  }
  await fillHistory(folder, runs);
  const token = execFileSync(process.execPath, [mahavishnu, "token", "create", "--subject", "service:bench"], {
    cwd: folder,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();
  const server = await startChild([mahavishnu, "serve"], { cwd: folder });
  return {
    folder,
    server,
    token,
    [Symbol.asyncDispose]: async () => {
      await server[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function fillHistory(workspace: string, runs: number): Promise<void> {
  if (runs === 0) return;
  const loaded = await loadConfig({ workspace, env: {}, set: [] });
  await using app = openApp({ loaded, env: {} });
  const batch = 100;
  for (let done = 0; done < runs; done += batch) {
    const started = await Promise.all(
      Array.from({ length: Math.min(batch, runs - done) }, async () =>
        perform(app, startRun, { workflow: "nothing", inputs: {} }),
      ),
    );
    await Promise.all(started.map(async ({ handle }) => await handle?.done));
  }
}
