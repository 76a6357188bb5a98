import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** A killed run is resumed without loss. */
export const wfx004: CheckDefinition = {
  id: "WFX004",
  title: "a killed run is resumed without loss",
  kind: "check",
  category: "workflow",
  severity: "critical",
  verifies:
    "When the process of a run is killed, another one goes on: finished steps never run again, the interrupted one runs again with the same idempotency key.",
  how: {
    live: "kills the runner with SIGKILL in the middle of a step, resumes the run in another process, and counts outside of the store what was done",
  },
  advice: { text: "Report it with the evidence: work may be lost or done twice after a crash." },
  dependsOn: [...needsConfig, "WFX001"],
  timeoutMs: 60_000,
  expectedMs: 2_500,
  live: async (context) => await (await import("./wfx004-live.ts")).killAndResume(context),
};
