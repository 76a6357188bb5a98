import { type Command, Option } from "commander";
import type { UpgradeFlags } from "../command-options.ts";
import { declareCommand, type Shell } from "../declare.ts";

/** Declares `upgrade`. */
export function declareUpgrade(program: Command, shell: Shell): void {
  declareCommand<UpgradeFlags>(program, shell, {
    name: "upgrade",
    summary: "bring the state folder to this version, after trying it on a copy",
    options: () => [new Option("--dry-run", "say what would be done, from trying it on a copy, and do nothing")],
    examples: [
      ["mahavishnu upgrade --dry-run", "what a new version will do to the state, and how long it takes"],
      ["mahavishnu backup create && mahavishnu upgrade", "the safe way: an older version never opens it again"],
    ],
    exitCodes: {
      0: "the state fits this version, or would",
      1: "it cannot be done, or not while processes are at work",
    },
    notes:
      "Every command that needs the state brings it forward when it opens it, all of it or nothing;\n" +
      "this one shows it before. While a process of an older version is at work, it is refused.",
    output: { formats: ["text", "json"], files: false },
    run: async ({ options, io }) => (await import("./upgrade-run.ts")).runUpgrade(options, io),
  });
}
