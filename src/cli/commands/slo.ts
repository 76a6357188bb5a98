import type { Command } from "commander";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";

/** Declares `slo list`. */
export function declareSlo(program: Command, shell: Shell): void {
  declareGroup(program, shell, { name: "slo", summary: "see what is promised and how it stands" }, (group) => {
    declareCommand(group, shell, {
      name: "list",
      remote: true,
      summary: "list the objectives of telemetry.slos, their budgets and how fast these are spent",
      examples: [["mahavishnu slo list", "an objective without runs is unknown, never fine"]],
      output: { formats: ["text", "json", "ndjson"], files: false },
      run: async ({ options, io }) => (await import("./slo-run.ts")).runSloList(options, io),
    });
  });
}
