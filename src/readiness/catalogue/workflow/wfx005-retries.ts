import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Retries follow the configured rule. */
export const wfx005: CheckDefinition = {
  id: "WFX005",
  title: "retries follow the configured rule",
  kind: "check",
  category: "workflow",
  severity: "error",
  verifies:
    "A step that fails is tried as often as limits.retry says, with waits that grow as configured and are jittered.",
  how: {
    live: "lets steps fail twice and then pass, and one fail for ever; counts attempts outside of the store, and measures the waits (divided where they would take too long)",
  },
  advice: { text: "Compare limits.retry with what was seen.", command: "mahavishnu config show --origin" },
  dependsOn: [...needsConfig, "WFX001"],
  exclusive: ["engine.timing"],
  timeoutMs: 60_000,
  expectedMs: 4_000,
  live: async (context) => await (await import("./wfx005-live.ts")).retryAsConfigured(context),
};
