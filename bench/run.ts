/**
 * Runs every benchmark and prints each bar with its figure. Figures are ratios against a floor or a peer of the same run: a missed
 * bar is told and does not fail the command, since a busy machine is no fault of the code.
 *
 *     npm run bench               all of them
 *     npm run bench -- exec       those whose file is named
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { BenchResult } from "./lib/bench-result.ts";

const chosen = process.argv.slice(2);
const names = readdirSync(import.meta.dirname)
  .filter((name) => name.endsWith(".ts") && name !== "run.ts")
  .map((name) => name.slice(0, -3))
  .filter((name) => chosen.length === 0 || chosen.includes(name));
if (names.length === 0) throw new Error(`no benchmark is called ${chosen.join(", ")}`);

let missed = 0;
for (const name of names) {
  const { run } = (await import(join(import.meta.dirname, `${name}.ts`))) as { run: () => Promise<BenchResult[]> };
  for (const { name: title, bar, figure, unit, ok, note } of await run()) {
    if (!ok) missed += 1;
    console.log(
      `${ok ? "met   " : "MISSED"}  ${title}: ${figure.toFixed(2)} ${unit}  (${bar})${note === undefined ? "" : `\n        ${note}`}`,
    );
  }
}
console.log(missed === 0 ? "every bar is met" : `${missed} missed`);
