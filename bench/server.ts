/** The HTTP server as it is shipped, in a process of its own, against a bare fastify route: `node bench/server.ts`. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { Agent } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BenchResult, median, ratios } from "./lib/bench-result.ts";
import { type ChildServer, startChild } from "./lib/child-server.ts";
import { ask, closedLoop, openLoop, percentile, type Target } from "./lib/http-load.ts";
import { printResults } from "./lib/print-results.ts";
import { serveWorkspace } from "./lib/server-workspace.ts";

const overheadBar = 3;
const openLoopBar = 4;

/** Measures; `runs` in the store, `pairs` of each kind. */
export async function run(runs = 10_000, pairs = 5): Promise<BenchResult[]> {
  await using workspace = await serveWorkspace(runs);
  const { server, token } = workspace;
  const to = (path: string): Target => ({ url: new URL(path, server.url).href, token });
  const agent = new Agent({ keepAlive: true });
  const page = await ask(agent, to("/v1/runs?limit=20"));
  if (page.status !== 200) throw new Error(`the server answered ${page.status}: ${page.text}`);
  const { items } = JSON.parse(page.text) as { items: { id: string }[] };
  const id = items[7]?.id ?? "";
  const routes = ["/v1/runs?limit=20", `/v1/runs/${id}`, `/v1/runs/${id}/events`, "/v1/whoami", "/v1/repositories"];
  const one = await ask(agent, to(`/v1/runs/${id}`));
  agent.destroy();
  await using bare = await bareRoute(one.text);
  return [
    await overhead(to(`/v1/runs/${id}`), { url: bare.url }, pairs),
    await openLoopAt(
      routes.map((path) => to(path)),
      { url: bare.url },
      { pairs, runs },
    ),
  ];
}

async function bareRoute(text: string): Promise<ChildServer> {
  const folder = mkdtempSync(join(tmpdir(), "bench-bare-"));
  const file = join(folder, "body.json");
  writeFileSync(file, text);
  const child = await startChild([join(import.meta.dirname, "lib/bare-fastify.ts"), file]);
  return {
    ...child,
    [Symbol.asyncDispose]: async () => {
      await child[Symbol.asyncDispose]();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function overhead(ours: Target, bare: Target, pairs: number): Promise<BenchResult> {
  const load = { callers: 8, seconds: 2 };
  await closedLoop(ours, load);
  await closedLoop(bare, load);
  const figures: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    figures.ours.push(await closedLoop(ours, load));
    figures.bare.push(await closedLoop(bare, load));
  }
  const samples = ratios(figures.bare, figures.ours);
  const figure = median(samples);
  return {
    name: "an authorised read of a run",
    bar: `<= ${overheadBar} x a bare fastify route with the same answer`,
    figure,
    unit: "x",
    ok: figure <= overheadBar,
    samples,
    note: `${Math.round(median(figures.ours))} answers/s against ${Math.round(median(figures.bare))}`,
  };
}

async function openLoopAt(
  routes: readonly Target[],
  bare: Target,
  { pairs, runs }: { readonly pairs: number; readonly runs: number },
): Promise<BenchResult> {
  const load = { perSecond: 50, seconds: 5 };
  const routeOf = (index: number): Target => routes[index % routes.length] as Target;
  await openLoop(routeOf, load);
  const figures: { ours: number[]; bare: number[] } = { ours: [], bare: [] };
  for (let pair = 0; pair < pairs; pair += 1) {
    const answers = await openLoop(routeOf, load);
    const wrong = answers.find(({ status }) => status !== 200);
    if (wrong !== undefined) throw new Error(`the server answered ${wrong.status}: ${wrong.text.slice(0, 500)}`);
    figures.ours.push(
      percentile(
        answers.map(({ ms }) => ms),
        95,
      ),
    );
    figures.bare.push(
      percentile(
        (await openLoop(() => bare, load)).map(({ ms }) => ms),
        95,
      ),
    );
  }
  const samples = ratios(figures.ours, figures.bare);
  const figure = median(samples);
  return {
    name: `read routes at 50 requests/s, ${runs} runs in the store, p95`,
    bar: `<= ${openLoopBar} x a bare fastify route at the same load`,
    figure,
    unit: "x",
    ok: figure <= openLoopBar,
    samples,
    note: `${median(figures.ours).toFixed(2)} ms against ${median(figures.bare).toFixed(2)} ms; ${routes.length} routes in turn`,
  };
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));
