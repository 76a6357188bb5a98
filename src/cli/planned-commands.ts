import type { Command } from "commander";
import { MahavishnuError } from "../lib/errors.ts";
import { commandPath, type Shell } from "./declare.ts";

/** Commands whose names are settled and that are not built: known, so that they are refused by name, and not offered. */
const planned: Readonly<Record<string, readonly string[]>> = {
  "": ["worker", "approvals", "schedules", "mcp", "completion"],
  repos: ["sync"],
  runs: ["pause", "compare"],
  adapters: ["describe"],
  production: ["self-test", "history", "diff", "baseline", "bundle", "attest", "verify", "capacity"],
};

/** Declares, hidden, what is planned; given, each is refused with a clear message. */
export function declarePlannedCommands(program: Command, shell: Shell): void {
  for (const [group, names] of Object.entries(planned)) {
    const parent = group === "" ? program : program.commands.find((command) => command.name() === group);
    if (parent === undefined) throw new Error(`no group "${group}" is declared`);
    if (group !== "" && !shell.mayName(group)) continue;
    for (const name of names) {
      if (shell.mayName(name)) declarePlanned(parent, name);
    }
  }
}

function declarePlanned(parent: Command, name: string): void {
  const command = parent
    .command(name, { hidden: true })
    .helpOption(false)
    .argument("[words...]")
    .allowUnknownOption()
    .action(() => {
      throw notBuiltCommand(commandPath(command));
    });
}

/** Whether a declared command is one that is only known by name. */
export function isPlanned(command: Command): boolean {
  const { parent } = command;
  if (parent === null) return false;
  return planned[parent.parent === null ? "" : parent.name()]?.includes(command.name()) ?? false;
}

/** The refusal of a command that is planned, by the words that call it. */
export function notBuiltCommand(path: string): MahavishnuError {
  return new MahavishnuError("NOT_BUILT", `\`${path}\` is not built yet`, {
    fix: `See \`${path.slice(0, path.lastIndexOf(" "))} --help\` for what is.`,
  });
}
