import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";

/** Every connection of the product itself is encrypted. */
export const sec005: CheckDefinition = {
  id: "SEC005",
  title: "every connection is encrypted",
  kind: "check",
  category: "security",
  severity: "critical",
  security: true,
  verifies: "Every client of the product refuses a certificate that it cannot trust.",
  how: { static: "does not apply while the product opens no connection of its own" },
  advice: { text: "Nothing has to be done while there is no connection." },
  dependsOn: needsConfig,
  static: () => ({
    status: "notApplicable",
    reason: "the product opens no connection of its own yet: the store is a file, and no outside adapter is built",
  }),
};
