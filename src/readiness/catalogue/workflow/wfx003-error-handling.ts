import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** A failure is told, kept and contained. */
export const wfx003: CheckDefinition = {
  id: "WFX003",
  title: "errors are kept and stay where they are",
  kind: "check",
  category: "workflow",
  severity: "critical",
  verifies: "A step that fails makes its target fail, with its error kept, and disturbs no neighbour.",
  how: { live: "lets a step fail beside a job that works, and looks at what is kept" },
  advice: { text: "Look at the evidence: it names what was lost or disturbed." },
  dependsOn: [...needsConfig, "WFX001"],
  timeoutMs: 60_000,
  expectedMs: 3_000,
  live: async (context) => await (await import("./wfx003-live.ts")).failAStep(context),
};
