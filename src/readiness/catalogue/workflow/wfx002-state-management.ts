import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Nothing is shown that is not on the disk. */
export const wfx002: CheckDefinition = {
  id: "WFX002",
  title: "the state of a run is kept and read back",
  kind: "check",
  category: "workflow",
  severity: "critical",
  verifies:
    "Each transition is on the disk before anything depends on it: another process reads it, and what is not allowed is refused.",
  how: { live: "stops a run at gates, reads it from other processes, and asks for what must be refused" },
  advice: { text: "Look at the state database: it may be damaged or on a disk that does not keep what was written." },
  dependsOn: [...needsConfig, "WFX001"],
  timeoutMs: 60_000,
  expectedMs: 5_000,
  live: async (context) => await (await import("./wfx002-live.ts")).readStates(context),
};
