import type { Command } from "commander";
import type { PlanFlags } from "../command-options.ts";
import { declareCommand, type Shell } from "../declare.ts";
import { inputOption, selectOption, selectorHelp } from "../shared-options.ts";

/** Declares `plan WORKFLOW`. */
export function declarePlan(program: Command, shell: Shell): void {
  declareCommand<PlanFlags>(program, shell, {
    name: "plan",
    remote: true,
    summary: "show what a run would do, without doing it",
    arguments: [["<WORKFLOW>", "name of the workflow"]],
    options: () => [inputOption(), selectOption("repositories that the sweeps are narrowed to")],
    examples: [
      ["mahavishnu plan raise-node -i major=24", "targets, their order and what each waits for"],
      ["mahavishnu plan raise-node -s tag:team/edge -o json", "the plan of a part of the fleet, as JSON"],
    ],
    exitCodes: {
      1: "a file of the workspace is not valid, or no repository is selected",
      64: "wrong flag, argument or input, no such workflow, or no workspace",
    },
    run: async ({ args, options, io }) =>
      (await import("./plan-run.ts")).runPlan({ ...options, workflow: args[0] ?? "" }, io),
    notes: selectorHelp,
  });
}
