import type { CheckDefinition } from "../definition.ts";

/** Every integration test, in the order of the report. */
export const tests: readonly CheckDefinition[] = [];
