import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** States are kept, and illegal acts refused. */
export const wfx002: CheckDefinition = {
  id: "WFX002",
  title: "states are kept, and illegal acts refused",
  kind: "check",
  category: "workflow",
  severity: "critical",
  verifies:
    "Every transition of a run can be read by another process as it happens, with its reason, and a run that is over cannot be cancelled or resumed.",
  how: {
    live: "stops a run at gates and compares what it tells with what `runs show` and `runs watch` read in other processes; then tries to cancel and to resume what is over",
  },
  advice: { text: "Report it with the evidence: the history of runs cannot be relied on." },
  dependsOn: [...needsConfig, "WFX001"],
  timeoutMs: 60_000,
  expectedMs: 4_000,
  live: async (context) => await (await import("./wfx002-live.ts")).readStates(context),
};
