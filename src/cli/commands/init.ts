import { type Command, Option } from "commander";
import { MahavishnuError } from "../../lib/errors.ts";
import type { InitFlags } from "../command-options.ts";
import { declareCommand, type Shell } from "../declare.ts";

/** Declares `init [DIR]`. */
export function declareInit(program: Command, shell: Shell): void {
  declareCommand<InitFlags>(program, shell, {
    name: "init",
    summary: "make a new workspace",
    arguments: [["[DIR]", "folder of the workspace; the current one when left out"]],
    options: () => [
      new Option("--demo", "with a small fleet of real git repositories, and a workflow to try"),
      new Option("--fresh", "with --demo: first remove a demo that stands there; no other folder is ever removed"),
    ],
    examples: [
      ["mahavishnu init", "its files in the current folder; nothing is overwritten"],
      ["mahavishnu init demo --demo", "a workspace to play with"],
    ],
    exitCodes: { 1: "the folder holds a workspace already, or cannot be written" },
    check: ({ options }) => {
      if (options.fresh === true && options.demo !== true) {
        throw new MahavishnuError("USAGE", "--fresh goes with --demo only", {
          fix: "Add --demo, or leave --fresh out.",
        });
      }
    },
    run: async ({ args, options, io }) =>
      (await import("./init-run.ts")).runInit({ ...options, folder: args[0] ?? "." }, io),
  });
}
