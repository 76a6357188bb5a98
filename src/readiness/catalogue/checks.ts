import type { CheckDefinition } from "../definition.ts";

/** Every check, in the order of the report. */
export const checks: readonly CheckDefinition[] = [];
