import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { eachAdapter } from "./enabled-adapters.ts";

/** Health is found out and no constant. */
export const adp002: CheckDefinition = {
  id: "ADP002",
  title: "each enabled adapter is healthy, and says when it is not",
  kind: "check",
  category: "adapters",
  severity: "critical",
  verifies: "The adapter's health is the outcome of a real run, and turns to down when what it depends on is cut.",
  how: {
    live: "asks for its health twice and compares the canaries, then takes its state folder away and asks again",
  },
  advice: { text: "See what the adapter says about itself.", command: "mahavishnu adapters health" },
  dependsOn: [...needsConfig, "ADP001"],
  targets: eachAdapter,
  timeoutMs: 30_000,
  expectedMs: 2_500,
  live: async (context, target) => await (await import("./probe-adapter.ts")).doubtHealth(context, target),
};
