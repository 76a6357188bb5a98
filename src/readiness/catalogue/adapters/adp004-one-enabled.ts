import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { listEnabledAdapters } from "./enabled-adapters.ts";

/** There is something that can execute runs. */
export const adp004: CheckDefinition = {
  id: "ADP004",
  title: "at least one adapter is enabled",
  kind: "check",
  category: "adapters",
  severity: { development: "warning", production: "critical" },
  verifies: "The configuration enables something that executes runs; the embedded engine counts.",
  how: { static: "counts the enabled adapters" },
  advice: { text: "Enable an adapter, or set engine: embedded.", command: "mahavishnu adapters list" },
  dependsOn: needsConfig,
  static: async (context) => {
    const names = (await listEnabledAdapters(context)).map(({ name }) => name);
    if (names.length === 0)
      return { status: "fail", reason: "no adapter is enabled", expected: "at least 1", observed: "0" };
    return { status: "pass", reason: `${names.join(", ")} ${names.length === 1 ? "is" : "are"} enabled` };
  },
};
