import type { Command } from "commander";
import { MahavishnuError } from "../lib/errors.ts";
import type { Shell } from "./declare.ts";

/** Commands whose names are settled and that are not built: known, so that they are refused by name, and not offered. */
const planned: Readonly<Record<string, readonly string[]>> = {
  "": [
    "serve",
    "worker",
    "approvals",
    "schedules",
    "token",
    "access",
    "audit",
    "backup",
    "mcp",
    "doctor",
    "completion",
    "alerts",
  ],
  repos: ["sync"],
  runs: ["pause", "compare", "purge"],
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
      if (shell.mayName(name)) declarePlanned(parent, name, group === "" ? name : `${group} ${name}`);
    }
  }
}

function declarePlanned(parent: Command, name: string, path: string): void {
  parent
    .command(name, { hidden: true })
    .helpOption(false)
    .argument("[words...]")
    .allowUnknownOption()
    .action(() => {
      throw new MahavishnuError("NOT_BUILT", `\`mahavishnu ${path}\` is not built yet`, {
        fix: `See \`mahavishnu ${groupOf(path)}--help\` for what is.`,
      });
    });
}

function groupOf(path: string): string {
  const space = path.indexOf(" ");
  return space === -1 ? "" : `${path.slice(0, space)} `;
}
