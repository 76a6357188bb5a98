import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Errors are kept and stay where they happen. */
export const wfx003: CheckDefinition = {
  id: "WFX003",
  title: "errors are kept and stay where they happen",
  kind: "check",
  category: "workflow",
  severity: "critical",
  verifies:
    "A step that fails makes its run fail, its error stays readable, and jobs that do not need it are not touched.",
  how: {
    live: "lets a step end with exit 7 beside a job that works, and reads state, exit code, last line and log in other processes",
  },
  advice: { text: "Report it with the evidence: a failure may go unseen." },
  dependsOn: [...needsConfig, "WFX001"],
  timeoutMs: 30_000,
  expectedMs: 2_000,
  live: async (context) => await (await import("./wfx003-live.ts")).failAStep(context),
};
