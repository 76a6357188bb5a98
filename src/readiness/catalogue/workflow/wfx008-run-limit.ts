import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** The limit of concurrent workflows holds. */
export const wfx008: CheckDefinition = {
  id: "WFX008",
  title: "the limit of concurrent workflows holds",
  kind: "check",
  category: "workflow",
  severity: "error",
  verifies:
    "No more runs than limits.maxConcurrentWorkflows are at work at the same time, over all processes; the others wait and lose nothing.",
  how: {
    live: "starts five more runs than the limit (20 at most), each in a process of its own, and counts outside of the store how many are at work",
  },
  advice: { text: "See limits.maxConcurrentWorkflows.", command: "mahavishnu config show --origin" },
  dependsOn: [...needsConfig, "WFX001"],
  exclusive: ["engine.timing"],
  timeoutMs: 120_000,
  expectedMs: 8_000,
  live: async (context) => await (await import("./wfx008-live.ts")).keepRunLimit(context),
};
