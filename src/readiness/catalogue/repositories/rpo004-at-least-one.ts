import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** There is something to work on. */
export const rpo004: CheckDefinition = {
  id: "RPO004",
  title: "the fleet has at least one repository",
  kind: "check",
  category: "repositories",
  severity: { development: "warning", production: "critical" },
  verifies: "The manifest and its imports name at least one repository.",
  how: { static: "counts the repositories of the fleet" },
  advice: { text: "Add repositories to the manifest:", command: "mahavishnu repos scan ." },
  dependsOn: [...needsConfig, "RPO005"],
  static: async (context) => {
    const { repositories, file } = await context.fleet();
    const observed = String(repositories.length);
    if (repositories.length === 0)
      return { status: "fail", reason: `${file} names no repository`, expected: "at least 1", observed };
    return {
      status: "pass",
      reason: `${observed} ${repositories.length === 1 ? "repository" : "repositories"}`,
      observed,
    };
  },
};
