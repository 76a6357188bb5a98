import type { CheckDefinition } from "../../definition.ts";
import { judgeProblems } from "./config-problems.ts";

/** Every value has the right type, unit and range. */
export const cfg006: CheckDefinition = {
  id: "CFG006",
  title: "every value has the right type, unit and range",
  kind: "check",
  category: "configuration",
  severity: "error",
  verifies: "Durations and sizes have units, numbers lie in their ranges, and words are among those that are known.",
  how: { static: "checks every layer on its own against the schema, also values that a higher layer hides" },
  advice: { text: "Write a value of the accepted form.", command: "mahavishnu config validate" },
  static: async (context) => await judgeProblems(context, ["value"], "every value has the right form"),
};
