import type { CheckDefinition } from "../../definition.ts";

/** The security settings of the configuration, by the checks that really look at them. */
export const cfg002: CheckDefinition = {
  id: "CFG002",
  title: "the security settings are complete",
  kind: "check",
  category: "configuration",
  severity: "critical",
  security: true,
  verifies:
    "Authentication, access, secrets and encryption are set, as SEC001 to SEC005 found them for this configuration.",
  how: { static: "takes the worst answer of its members", live: "takes the worst answer of its members" },
  advice: { text: "See the member that is named.", command: "mahavishnu production explain SEC001" },
  rollUpOf: ["SEC001", "SEC002", "SEC003", "SEC004", "SEC005"],
};
