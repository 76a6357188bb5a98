/**
 * What logs, metrics and traces cost: a workspace that is served, with all of them and with none, in processes of their own, in turn.
 * The spans go to a process that takes them and forgets them.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type BenchResult, median, ratios } from "./lib/bench-result.ts";
import { startChild } from "./lib/child-server.ts";
import { printResults } from "./lib/print-results.ts";

const bar = 0.85;

interface Load {
  readonly perSecond: number;
  /** Spans. */
  readonly dropped: number;
}

/** Measures; `pairs` interleaved pairs of each kind. */
export async function run(pairs = 7): Promise<BenchResult[]> {
  await using receiver = await startChild([join(import.meta.dirname, "lib/bare-otlp.ts")]);
  return [
    comparePairs("runs of one command", "commands", receiver.url, pairs),
    comparePairs("runs of one step that does nothing", "runs", receiver.url, pairs),
    comparePairs("steps that do nothing", "steps", receiver.url, pairs),
  ];
}

function comparePairs(name: string, mode: string, endpoint: string, pairs: number): BenchResult {
  const on: number[] = [];
  const off: number[] = [];
  let dropped = 0;
  // One pair first that is not counted, as everything is cold then.
  for (let pair = -1; pair < pairs; pair += 1) {
    const without = measure(mode, "off");
    const withAll = measure(mode, endpoint);
    if (pair < 0) continue;
    on.push(withAll.perSecond);
    off.push(without.perSecond);
    dropped += withAll.dropped;
  }
  const samples = ratios(on, off);
  const figure = median(samples);
  return {
    name: `${name} with logs, metrics and traces`,
    bar: `>= ${bar} x without`,
    figure,
    unit: "x",
    ok: figure >= bar,
    samples,
    note: `${Math.round(median(on))}/s against ${Math.round(median(off))}/s; ${dropped} spans were dropped`,
  };
}

function measure(mode: string, endpoint: string): Load {
  const script = join(import.meta.dirname, "lib/telemetry-load.ts");
  return JSON.parse(execFileSync(process.execPath, [script, mode, endpoint], { encoding: "utf8" })) as Load;
}

if (import.meta.main) printResults(await run(...process.argv.slice(2).map(Number)));
