/** Many who follow one busy run over server-sent events: `node bench/followers.ts [FOLLOWERS]`. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BenchResult } from "./lib/bench-result.ts";
import { ask } from "./lib/http-load.ts";
import { Agent } from "node:http";
import { printResults } from "./lib/print-results.ts";
import { serveWorkspace } from "./lib/server-workspace.ts";

const delayBar = 250;
const memoryBar = 300;

/** What the followers have seen. */
interface Seen {
  readonly whole: number;
  readonly least: number;
  readonly most: number;
  readonly delays: number;
  readonly p50: number;
  readonly p95: number;
}

/** Measures; a run of some ten seconds with two events for each of its short steps. */
export async function run(followers = 500, steps = 200): Promise<BenchResult[]> {
  const busy = {
    jobs: { busy: { steps: Array.from({ length: steps }, (_, index) => ({ id: `s${index}`, run: "sleep 0.05" })) } },
  };
  await using workspace = await serveWorkspace(0, { busy });
  const { server, token } = workspace;
  const agent = new Agent();
  const url = new URL("/v1/runs", server.url).href;
  const started = await ask(agent, { url, token, method: "POST", body: JSON.stringify({ workflow: "busy" }) });
  agent.destroy();
  if (started.status !== 202) throw new Error(`the server answered ${started.status}: ${started.text}`);
  const { runId } = JSON.parse(started.text) as { runId: string };
  const load = join(import.meta.dirname, "lib/follow-load.ts");
  let highest = server.memory();
  const watch = setInterval(() => (highest = Math.max(highest, server.memory())), 100);
  const { stdout } = await promisify(execFile)(process.execPath, [load, server.url, token, runId, String(followers)], {
    maxBuffer: 1024 ** 2,
  });
  clearInterval(watch);
  const seen = JSON.parse(stdout) as Seen;
  const note = `${seen.whole} of ${followers} streams came to their end with ${seen.least} to ${seen.most} events; delay p50 ${seen.p50} ms over ${seen.delays} events`;
  const isComplete = seen.whole === followers && seen.least === seen.most;
  return [
    {
      name: `${followers} followers of one busy run, delay of events, p95`,
      bar: `all complete, < ${delayBar} ms`,
      figure: seen.p95,
      unit: "ms",
      ok: isComplete && seen.p95 < delayBar,
      samples: [seen.p95],
      note,
    },
    {
      name: `memory of a server with ${followers} followers`,
      bar: `< ${memoryBar} MiB`,
      figure: highest,
      unit: "MiB",
      ok: highest < memoryBar,
      samples: [highest],
    },
  ];
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));
