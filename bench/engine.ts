/**
 * The engine against the floor: a bare loop that appends a row per transition with group commit and does nothing else. Both in
 * processes of their own, in turn, on the same disk; the ratio is that of their rates.
 */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type BenchResult, median } from "./lib/bench-result.ts";

const bar = 0.33;
const goal = 0.6;

interface Rates {
  readonly runsPerSecond: number;
  readonly stepsPerSecond: number;
}

/** Measures; `pairs` interleaved pairs of each kind. */
export async function run(pairs = 7): Promise<BenchResult[]> {
  return [
    comparePairs("runs of one step", "runs", "runsPerSecond", pairs),
    comparePairs("durable steps", "steps", "stepsPerSecond", pairs),
  ];
}

function comparePairs(name: string, mode: string, rate: keyof Rates, pairs: number): BenchResult {
  const samples: number[] = [];
  const ours: number[] = [];
  const floors: number[] = [];
  // One pair first that is not counted, as everything is cold then.
  for (let pair = -1; pair < pairs; pair += 1) {
    const floor = measure("floor.mjs", mode)[rate];
    const our = measure("lib/engine-load.ts", mode)[rate];
    if (pair < 0) continue;
    floors.push(floor);
    ours.push(our);
    samples.push(our / floor);
  }
  const figure = median(samples);
  const note = `${Math.round(median(ours))}/s against ${Math.round(median(floors))}/s; goal ${goal}`;
  return { name, bar: `>= ${bar} x the floor`, figure, unit: "x", ok: figure >= bar, samples, note };
}

function measure(script: string, mode: string): Rates {
  const path = join(import.meta.dirname, script);
  return JSON.parse(execFileSync(process.execPath, [path, mode], { encoding: "utf8" })) as Rates;
}
