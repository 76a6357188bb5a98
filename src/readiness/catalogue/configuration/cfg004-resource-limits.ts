import type { CheckDefinition } from "../../definition.ts";

/** The limits of the configuration, by the checks that really look at them. */
export const cfg004: CheckDefinition = {
  id: "CFG004",
  title: "the resource limits are reasonable",
  kind: "check",
  category: "configuration",
  severity: "error",
  verifies:
    "Concurrency, retries and time-outs lie in the recommended ranges and fit together, as LIM001 to LIM003 found them.",
  how: { static: "takes the worst answer of its members", live: "takes the worst answer of its members" },
  advice: { text: "See the member that is named.", command: "mahavishnu production explain LIM001" },
  rollUpOf: ["LIM001", "LIM002", "LIM003"],
};
