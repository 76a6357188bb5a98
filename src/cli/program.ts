import { Command } from "commander";
import { version } from "../lib/version.ts";
import { declareAdapters } from "./commands/adapters.ts";
import { declareConfig } from "./commands/config.ts";
import { declareExec } from "./commands/exec.ts";
import { declareInit } from "./commands/init.ts";
import { declarePlan } from "./commands/plan.ts";
import { declareProduction } from "./commands/production.ts";
import { declareRepos } from "./commands/repos.ts";
import { declareRun } from "./commands/run.ts";
import { declareRuns } from "./commands/runs.ts";
import { declareWorkflows } from "./commands/workflows.ts";
import { configureCommand, type Shell } from "./declare.ts";
import { addGlobalOptions } from "./declare-global-options.ts";
import { describeExitCodes } from "./exit-codes.ts";
import { declarePlannedCommands } from "./planned-commands.ts";

/**
 * Every command with its flags and help. Bodies are loaded when they run: nothing heavy is imported here, because
 * `--help` has to answer at once.
 */
export function buildProgram(shell: Shell): Command {
  const program = new Command("mahavishnu")
    .description("Durable workflows across many git repositories, and one honest verdict on production readiness.")
    // A flag's value may look like a flag of another level; each level reads its own flags only.
    .enablePositionalOptions()
    .version(version, "--version", "print the version");
  configureCommand(program, shell);
  program.addHelpCommand(
    new Command("help").argument("[command]").description("show the help of a command").helpGroup("Set up:"),
  );
  program.commandsGroup("Set up:");
  declareInit(program, shell);
  declareConfig(program, shell);
  program.commandsGroup("Look:");
  declareRepos(program, shell);
  declareWorkflows(program, shell);
  declareAdapters(program, shell);
  program.commandsGroup("Act:");
  declarePlan(program, shell);
  declareRun(program, shell);
  declareExec(program, shell);
  declareRuns(program, shell);
  program.commandsGroup("Decide:");
  declareProduction(program, shell);
  declarePlannedCommands(program, shell);
  addGlobalOptions(program);
  program.addHelpText("after", () =>
    [
      "",
      "Ids may be shortened while unique. Begin with: mahavishnu init demo --demo",
      "",
      ...describeExitCodes({ 2: "usable with reservations (production), or some targets failed (run, exec, runs)" }),
    ].join("\n"),
  );
  return program;
}
