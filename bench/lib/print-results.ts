import type { BenchResult } from "./bench-result.ts";

/** Prints what a benchmark found when its file is run by itself: one JSON line on stdout, one line for eyes on stderr. */
export function printResults(results: readonly BenchResult[]): void {
  for (const result of results) {
    const { name, bar, figure, unit, ok, note = "" } = result;
    process.stdout.write(`${JSON.stringify(result)}\n`);
    process.stderr.write(
      `${ok ? "met   " : "MISSED"}  ${name}: ${figure.toFixed(2)} ${unit}  (${bar})\n        ${note}\n`,
    );
  }
}
