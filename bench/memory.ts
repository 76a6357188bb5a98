/** Resident memory of a process with a run of 10,000 queued targets, in a process of its own. */
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { type BenchResult, median } from "./lib/bench-result.ts";

const bar = 200;

/** Measures; a new process each time. */
export async function run(times = 3, targets = 10_000): Promise<BenchResult[]> {
  const load = join(import.meta.dirname, "lib/memory-load.ts");
  const figures = Array.from({ length: times }, () => {
    const text = execFileSync(process.execPath, [load, String(targets)], { encoding: "utf8" });
    return JSON.parse(text) as { readonly before: number; readonly queued: number; readonly highest: number };
  });
  const samples = figures.map(({ queued }) => queued);
  const figure = median(samples);
  const highest = Math.max(...figures.map((each) => each.highest));
  const note = `${median(figures.map((each) => each.before))} MiB before the run, ${highest} MiB at most until all of them were executed`;
  return [
    {
      name: `memory with ${targets} queued targets`,
      bar: `< ${bar} MiB`,
      figure,
      unit: "MiB",
      ok: figure < bar,
      samples,
      note,
    },
  ];
}
