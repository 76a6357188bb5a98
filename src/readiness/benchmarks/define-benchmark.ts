import { needsConfig } from "../catalogue/needs-config.ts";
import type { BenchmarkDefinition } from "../definition.ts";

/** What makes a benchmark different from the others. */
export type BenchmarkSpec = Omit<
  BenchmarkDefinition,
  "kind" | "category" | "severity" | "how" | "advice" | "dependsOn"
> & {
  /** What is done for a sample. */
  readonly how: string;
  readonly advice: string;
};

/** Makes a benchmark. One that is over its limit is an error in production: it was the user who set the limit. */
export function defineBenchmark({ how, advice, ...spec }: BenchmarkSpec): BenchmarkDefinition {
  return {
    ...spec,
    kind: "benchmark",
    category: "benchmarks",
    severity: "error",
    how: { live: how },
    advice: { text: advice, command: "mahavishnu config show --origin" },
    dependsOn: needsConfig,
  };
}
