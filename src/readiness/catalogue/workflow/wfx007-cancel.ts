import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Queued and running runs can be cancelled. */
export const wfx007: CheckDefinition = {
  id: "WFX007",
  title: "queued and running runs can be cancelled",
  kind: "check",
  category: "workflow",
  severity: "error",
  verifies: "A run that waits for its turn never begins after a cancel, and one that works ends within the grace.",
  how: { live: "cancels both from another process, and looks at states, times and surviving processes" },
  advice: { text: "See limits.grace, and report it with the evidence." },
  dependsOn: [...needsConfig, "WFX001"],
  exclusive: ["engine.timing"],
  timeoutMs: 60_000,
  expectedMs: 5_000,
  live: async (context) => await (await import("./wfx007-live.ts")).cancelRuns(context),
};
