/** How long it takes from a failed run to the channel that is told of it: `node bench/alerts.ts [RUNS]`. */
import { Agent, createServer } from "node:http";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchResult } from "./lib/bench-result.ts";
import { ask } from "./lib/http-load.ts";
import { printResults } from "./lib/print-results.ts";
import { serveWorkspace } from "./lib/server-workspace.ts";

const bar = 1_000;
/** So long at most is waited for the last message. */
const patienceMs = 30_000;

/** Measures; each workflow fails once, since what fails again is no new alert, while others that succeed go on. */
export async function run(failures = 60, othersEach = 4): Promise<BenchResult[]> {
  const delays: number[] = [];
  const receiver = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const now = Date.now();
      const { data } = JSON.parse(Buffer.concat(chunks).toString()) as Told;
      for (const { startedAt } of data.alerts) delays.push(now - startedAt);
      response.writeHead(204).end();
    });
  });
  receiver.listen(0, "127.0.0.1");
  await once(receiver, "listening");
  const names = Array.from({ length: failures }, (_, index) => `f${index}`);
  const failing = { jobs: { go: { steps: [{ id: "fail", run: "false" }] } } };
  const telemetry = {
    channels: { bench: { webhook: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` } },
    alerts: [{ name: "failures", on: ["run.failed"], notify: ["bench"] }],
  };
  await using workspace = await serveWorkspace(0, Object.fromEntries(names.map((name) => [name, failing])), {
    telemetry,
  });
  const { server, token } = workspace;
  const agent = new Agent({ keepAlive: true });
  const url = new URL("/v1/runs", server.url).href;
  const start = async (workflow: string): Promise<void> => {
    const { status, text } = await ask(agent, { url, token, method: "POST", body: JSON.stringify({ workflow }) });
    if (status !== 202) throw new Error(`the server answered ${status}: ${text}`);
  };
  for (const name of names) {
    await start(name);
    for (let other = 0; other < othersEach; other += 1) await start("nothing");
    // At any moment between two looks of the server.
    await delay(50 + Math.random() * 200);
  }
  const deadline = Date.now() + patienceMs;
  while (delays.length < failures && Date.now() < deadline) await delay(50);
  agent.destroy();
  receiver.closeAllConnections();
  receiver.close();
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (part: number): number => sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? patienceMs;
  return [
    {
      name: "an alert from the event to its channel, p95",
      bar: `all told, < ${bar} ms`,
      figure: at(0.95),
      unit: "ms",
      ok: delays.length === failures && at(0.95) < bar,
      samples: delays,
      note: `${delays.length} of ${failures} told; p50 ${at(0.5)} ms, longest ${at(1)} ms`,
    },
  ];
}

interface Told {
  readonly data: { readonly alerts: readonly { readonly startedAt: number }[] };
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));
