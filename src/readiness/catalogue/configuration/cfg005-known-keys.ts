import type { CheckDefinition } from "../../definition.ts";
import { judgeProblems } from "./config-problems.ts";

/** No key is misspelt, and none is of a later version. */
export const cfg005: CheckDefinition = {
  id: "CFG005",
  title: "every key is known",
  kind: "check",
  category: "configuration",
  severity: "error",
  verifies: "No layer holds a key that is unknown, misspelt or not built yet: it would silently do nothing.",
  how: { static: "parses every layer strictly and names the nearest known key" },
  advice: { text: "Correct the key, or take it out.", command: "mahavishnu config validate" },
  static: async (context) => await judgeProblems(context, ["unknownKey", "notBuilt"], "every key is known"),
};
