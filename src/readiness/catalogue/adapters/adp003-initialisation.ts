import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachAdapter } from "./enabled-adapters.ts";

/** Opening and closing leave nothing behind. */
export const adp003: CheckDefinition = {
  id: "ADP003",
  title: "each enabled adapter initialises properly",
  kind: "check",
  category: "adapters",
  severity: "critical",
  verifies:
    "The adapter can be opened again and again, also twice at once, says the same of itself each time, and leaves no process, no file and no run behind.",
  how: { live: "opens it one after the other and at once, lists its capabilities, closes it, and looks for leftovers" },
  advice: { text: "End the named process or remove the named file, and report it with the evidence." },
  dependsOn: [...needsConfig, "ADP001"],
  targets: eachAdapter,
  timeoutMs: 30_000,
  expectedMs: 2_500,
  live: async (context, target) => await (await import("./probe-adapter.ts")).openAgain(context, target),
};
