import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** The machine is not overrun. */
export const wfx008: CheckDefinition = {
  id: "WFX008",
  title: "the limit of concurrent workflows is enforced",
  kind: "check",
  category: "workflow",
  severity: "error",
  verifies:
    "Never do more runs work at once than limits.maxConcurrentWorkflows says, over all processes, and none of the waiting ones is lost.",
  how: {
    live: "starts five runs more than the limit (which counts as 20 at most here), each in a process of its own, and counts outside of the store how many work at once",
  },
  advice: { text: "Look at the observed maximum; clocks and the file system of the state folder must be sound." },
  dependsOn: [...needsConfig, "WFX001"],
  exclusive: ["engine.timing"],
  timeoutMs: 120_000,
  expectedMs: 10_000,
  live: async (context) => await (await import("./wfx008-live.ts")).keepRunLimit(context),
};
