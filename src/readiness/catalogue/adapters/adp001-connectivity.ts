import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachAdapter } from "./enabled-adapters.ts";

/** Every adapter answers. */
export const adp001: CheckDefinition = {
  id: "ADP001",
  title: "each enabled adapter can be reached",
  kind: "check",
  category: "adapters",
  severity: "critical",
  verifies: "The adapter says who it is, and each layer down to its engine answers, timed apart.",
  how: { live: "asks the adapter for its version, and opens store and engine in scratch space with the user's limits" },
  advice: { text: "The named layer did not answer.", command: "mahavishnu adapters health" },
  dependsOn: [...needsConfig, "ADP004"],
  targets: eachAdapter,
  timeoutMs: 30_000,
  expectedMs: 1_500,
  live: async (context, target) => await (await import("./probe-adapter.ts")).reachAdapter(context, target),
};
