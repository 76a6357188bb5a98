import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** The runs fit into memory. */
export const lim005: CheckDefinition = {
  id: "LIM005",
  title: "as many runs as may work at once fit into memory",
  kind: "check",
  category: "limits",
  severity: "error",
  verifies:
    "The memory of one run, measured, times limits.maxConcurrentWorkflows is less than the container or the machine has. What the steps' own programs need comes on top.",
  how: { live: "reads the most resident memory of the runs of WFX008 and compares it with the limit" },
  advice: { text: "Lower limits.maxConcurrentWorkflows, or give more memory." },
  dependsOn: [...needsConfig, "WFX008"],
  exclusive: ["engine.timing"],
  timeoutMs: 120_000,
  expectedMs: 100,
  live: async (context) => {
    const [{ measureConcurrency }, { isOutcome }, { judgeMemory, readMemory }] = await Promise.all([
      import("../../acting/measure-concurrency.ts"),
      import("../../acting/measure-once.ts"),
      import("./judge-memory.ts"),
    ]);
    const seen = await measureConcurrency(context);
    if (isOutcome(seen)) return seen;
    return judgeMemory({ peakBytes: seen.peakBytes, runs: seen.configured, ...readMemory() });
  },
};
