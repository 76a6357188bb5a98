import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** One broken repository leaves the others alone. */
export const wfx009: CheckDefinition = {
  id: "WFX009",
  title: "one broken repository leaves the others alone",
  kind: "check",
  category: "workflow",
  severity: "error",
  verifies: "In a sweep, repositories that work are done although another is broken, and the run counts as partial.",
  how: { live: "sweeps three scratch repositories of which one is damaged" },
  advice: { text: "Report it with the evidence: one bad repository may stop a sweep, or go unseen." },
  dependsOn: [...needsConfig, "WFX001"],
  timeoutMs: 30_000,
  expectedMs: 2_000,
  live: async (context) => await (await import("./wfx009-live.ts")).sweepWithOneBroken(context),
};
