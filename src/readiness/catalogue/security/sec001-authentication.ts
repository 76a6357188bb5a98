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
    live: "calls every route of a server without a token; there is no server yet, so this does not apply yet",
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
  live: () => ({
    status: "notApplicable",
    reason: "auth.enabled is true; there is no server yet, so there is no route to try without a token",
  }),
};
