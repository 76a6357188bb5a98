/** What a backup of a large state costs those who start runs meanwhile: `node bench/backup.ts [MIB] [SECONDS]`. */
import { randomBytes } from "node:crypto";
import { Agent } from "node:http";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { BenchResult } from "./lib/bench-result.ts";
import { ask, openLoop, type Timed } from "./lib/http-load.ts";
import { printResults } from "./lib/print-results.ts";
import { serveWorkspace } from "./lib/server-workspace.ts";

const bar = 2;
const perSecond = 100;
const mebibyte = 1024 * 1024;
/** Of one file: what a talkative step prints. */
const fileBytes = 4 * mebibyte;
const historyRuns = 10_000;

/** Measures: so long without a backup, and then for as long as one is made by the same server. */
export async function run(mebibytes = 1_024, seconds = 20): Promise<BenchResult[]> {
  await using workspace = await serveWorkspace(historyRuns);
  const { folder, server, token } = workspace;
  fillOutput(join(folder, ".mahavishnu/runs/0000000000"), mebibytes);
  const agent = new Agent({ keepAlive: true });
  const start = { url: new URL("/v1/runs", server.url).href, token, method: "POST", body: '{"workflow":"nothing"}' };
  const load = async (forSeconds: number): Promise<Timed[]> =>
    await openLoop(() => start, { perSecond, seconds: forSeconds });
  // What is cold is not measured.
  await load(3);
  const quiet = await load(seconds);
  const begin = performance.now();
  const made: { tookMs?: number } = {};
  const backup = ask(agent, { url: new URL("/v1/backups", server.url).href, token, method: "POST", body: "{}" }).then(
    (answer) => {
      made.tookMs = performance.now() - begin;
      return answer;
    },
  );
  const busy: Timed[] = [];
  while (made.tookMs === undefined) busy.push(...(await load(1)));
  const { status, text } = await backup;
  if (status >= 300) throw new Error(`the backup has failed: ${status} ${text}`);
  await delay(2_000);
  const failed = await ask(agent, { url: new URL("/v1/runs?states=failed&limit=1", server.url).href, token });
  agent.destroy();
  const refused = [...quiet, ...busy].filter((answer) => answer.status !== 202).length;
  const lost = refused + (JSON.parse(failed.text) as { items: unknown[] }).items.length;
  const [before, during] = [p95(quiet), p95(busy)];
  return [
    {
      name: "starts of runs while a backup is made, p95",
      bar: `< ${bar} x without, no failed run`,
      figure: during / before,
      unit: "x",
      ok: during / before < bar && lost === 0,
      samples: busy.map(({ ms }) => ms),
      note:
        `${during.toFixed(1)} ms against ${before.toFixed(1)} ms, longest ${Math.max(...busy.map(({ ms }) => ms)).toFixed(0)} ms; ` +
        `${mebibytes} MiB of output in ${(made.tookMs / 1_000).toFixed(1)} s; ${lost} starts failed of ${quiet.length + busy.length}`,
    },
  ];
}

/** Nothing in it can be compressed: the worst that there is. It is on the disk at once; half a minute later the kernel would write it, in the middle. */
function fillOutput(folder: string, mebibytes: number): void {
  mkdirSync(folder, { recursive: true });
  for (let index = 0; index * fileBytes < mebibytes * mebibyte; index += 1) {
    writeFileSync(join(folder, `${index}.log`), randomBytes(fileBytes), { flush: true });
  }
}

function p95(answers: readonly Timed[]): number {
  const sorted = answers.map(({ ms }) => ms).toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.95) - 1] ?? Number.NaN;
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));
