import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { judgeRange } from "./judge-range.ts";

/** As many runs at once as one machine usually bears. */
export const lim001: CheckDefinition = {
  id: "LIM001",
  title: "the number of concurrent workflows is reasonable",
  kind: "check",
  category: "limits",
  severity: "warning",
  verifies:
    "limits.maxConcurrentWorkflows lies between 5 and 20, both included: fewer waste the machine, more overload it.",
  how: {
    static: "compares the value with the range",
    live: "starts five more runs than that (25 at most), counts how many work at once, and multiplies their memory",
  },
  advice: { text: "Set limits.maxConcurrentWorkflows to 5 to 20." },
  dependsOn: needsConfig,
  exclusive: ["engine.timing"],
  timeoutMs: 120_000,
  static: async (context) => {
    const { maxConcurrentWorkflows } = (await context.config()).config.limits;
    return judgeRange("limits.maxConcurrentWorkflows", maxConcurrentWorkflows, { least: 5, most: 20 });
  },
  live: async (context) => await (await import("./measure-limits.ts")).measureRunLimit(context),
};
