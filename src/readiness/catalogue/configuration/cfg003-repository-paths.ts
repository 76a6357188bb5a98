import type { CheckDefinition } from "../../definition.ts";

/** The repositories of the configuration, by the checks that really look at them. */
export const cfg003: CheckDefinition = {
  id: "CFG003",
  title: "the paths of the repositories are valid and accessible",
  kind: "check",
  category: "configuration",
  severity: "critical",
  verifies: "Each configured repository is where the manifest says, and may be used, as RPO001 and RPO002 found it.",
  how: { static: "takes the worst answer of its members", live: "takes the worst answer of its members" },
  advice: { text: "See the member that is named.", command: "mahavishnu production explain RPO001" },
  rollUpOf: ["RPO001", "RPO002"],
};
