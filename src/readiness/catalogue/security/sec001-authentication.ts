import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Nobody gets in without a token. */
export const sec001: CheckDefinition = {
  id: "SEC001",
  title: "authentication is on",
  kind: "check",
  category: "security",
  severity: { development: "warning", production: "critical" },
  security: true,
  verifies: "Whoever is not the local owner of the workspace has to show a token.",
  how: {
    static: "looks at auth.enabled",
    live: "starts the shipped server in scratch space with these settings, and calls every route of its API document, and one that there is not, without a token",
  },
  advice: {
    text: "Set auth.enabled to true and give auth.secret a reference.",
    command: "mahavishnu config show --origin",
  },
  dependsOn: needsConfig,
  static: async (context) => {
    const { config } = await context.config();
    if (config.auth.enabled) return { status: "pass", reason: "auth.enabled is true" };
    return { status: "fail", reason: "auth.enabled is false", expected: "true", observed: "false" };
  },
  timeoutMs: 60_000,
  expectedMs: 3_000,
  live: async (context) => await (await import("./ask-scratch-server.ts")).askScratchServer(context, "strangers"),
};
