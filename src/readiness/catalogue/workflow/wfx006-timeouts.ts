import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Time-outs end a step with all of its processes. */
export const wfx006: CheckDefinition = {
  id: "WFX006",
  title: "time-outs end a step with all of its processes",
  kind: "check",
  category: "workflow",
  severity: "error",
  verifies: "A step or target that takes too long is ended, and nothing that it has started lives on.",
  how: {
    live: "lets a step run out of time that has children, one of which ignores TERM and one that left its process group, and looks for survivors",
  },
  advice: { text: "End the named processes, and report it with the evidence." },
  dependsOn: [...needsConfig, "WFX001"],
  exclusive: ["engine.timing"],
  timeoutMs: 60_000,
  expectedMs: 4_000,
  live: async (context) => await (await import("./wfx006-live.ts")).endOverdueStep(context),
};
