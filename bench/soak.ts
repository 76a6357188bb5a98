/**
 * Starts at a steady rate: `node bench/soak.ts [SECONDS] [PER-SECOND]`. The bar is 600 seconds at 200 starts a second; `npm run bench` takes
 * 100 seconds of it, and CI 20 (`npm run soak`), which tells of losses alone. Ends with 1 when a run was lost: that is no matter of speed.
 */
import { Agent } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchResult } from "./lib/bench-result.ts";
import { ask, openLoop, percentile } from "./lib/http-load.ts";
import { printResults } from "./lib/print-results.ts";
import { serveWorkspace } from "./lib/server-workspace.ts";

/** After this nothing grows any more. What is no longer than this says nothing of memory. */
const warmUpSeconds = 60;
/** What memory may be at the end, in parts of what it was then: the noise of a collector. */
const growthBar = 1.15;

/** Measures; whether every start that was answered is a run that succeeded, and what memory does. */
export async function run(seconds = 100, perSecond = 200): Promise<BenchResult[]> {
  await using workspace = await serveWorkspace(0);
  const { server, token } = workspace;
  const url = new URL("/v1/runs", server.url).href;
  const body = JSON.stringify({ workflow: "nothing" });
  const memory: number[] = [];
  const watch = setInterval(() => memory.push(server.memory()), 250);
  const answers = await openLoop(() => ({ url, token, method: "POST", body }), { perSecond, seconds });
  clearInterval(watch);
  const wrong = answers.filter(({ status }) => status !== 202);
  const ids = new Set(
    answers.filter(({ status }) => status === 202).map(({ text }) => (JSON.parse(text) as { runId: string }).runId),
  );
  const succeeded = await countSucceeded(url, token, ids);
  const lost = answers.length - succeeded;
  const p95 = percentile(
    answers.map(({ ms }) => ms),
    95,
  );
  const losses: BenchResult = {
    name: `${seconds} s at ${perSecond} starts/s, runs that were lost`,
    bar: "0",
    figure: lost,
    unit: "runs",
    ok: lost === 0,
    samples: [lost],
    note: `${answers.length} asked, ${wrong.length} refused, ${succeeded} succeeded; answers p95 ${p95.toFixed(1)} ms`,
  };
  return seconds > warmUpSeconds ? [losses, judgeGrowth(memory, seconds, perSecond)] : [losses];
}

/** @param memory MiB, at even distances over the whole time */
function judgeGrowth(memory: readonly number[], seconds: number, perSecond: number): BenchResult {
  const from = Math.floor((memory.length * warmUpSeconds) / seconds);
  const first = percentile(memory.slice(from, from + Math.ceil(memory.length / 20)), 50);
  const last = percentile(memory.slice(Math.floor(memory.length * 0.9)), 50);
  const growth = last / first;
  const perSample = Math.ceil(memory.length / 60);
  return {
    name: `${seconds} s at ${perSecond} starts/s, memory at the end`,
    bar: `<= ${growthBar} x what it was after ${warmUpSeconds} s`,
    figure: growth,
    unit: "x",
    ok: growth <= growthBar,
    samples: memory.filter((_, index) => index % perSample === 0),
    note: `${first.toFixed(0)} MiB, then ${last.toFixed(0)} MiB; at most ${Math.max(...memory).toFixed(0)} MiB`,
  };
}

/** Waits until nothing goes on any more, then counts the runs of these ids that have succeeded. */
async function countSucceeded(url: string, token: string, ids: ReadonlySet<string>): Promise<number> {
  const agent = new Agent({ keepAlive: true });
  const list = async (
    query: string,
  ): Promise<{ items: { id: string; state: string }[]; nextCursor: string | null }> => {
    const { status, text } = await ask(agent, { url: `${url}?${query}`, token });
    if (status !== 200) throw new Error(`the server answered ${status}: ${text}`);
    return JSON.parse(text) as { items: { id: string; state: string }[]; nextCursor: string | null };
  };
  try {
    while ((await list("limit=1&states=queued&states=running")).items.length > 0) await delay(100);
    let succeeded = 0;
    for (let cursor: string | null = ""; cursor !== null;) {
      const page = await list(`limit=1000&states=succeeded${cursor === "" ? "" : `&cursor=${cursor}`}`);
      succeeded += page.items.filter(({ id }) => ids.has(id)).length;
      cursor = page.nextCursor;
    }
    return succeeded;
  } finally {
    agent.destroy();
  }
}

if (import.meta.main) {
  const results = await run(...process.argv.slice(2).map(Number));
  printResults(results);
  if (results[0]?.ok !== true) process.exitCode = 1;
}
