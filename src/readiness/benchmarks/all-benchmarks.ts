import type { BenchmarkDefinition } from "../definition.ts";

/** Every benchmark, in the order of the report. */
export const benchmarks: readonly BenchmarkDefinition[] = [];
