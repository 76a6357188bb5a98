import { Command } from "commander";
import { MahavishnuError } from "../lib/errors.ts";
import { didYouMean } from "../lib/suggest.ts";
import { version } from "../lib/version.ts";
import { declareAccess } from "./commands/access.ts";
import { declareAdapters } from "./commands/adapters.ts";
import { declareAlerts } from "./commands/alerts.ts";
import { declareAudit } from "./commands/audit.ts";
import { declareBackup } from "./commands/backup.ts";
import { declareConfig } from "./commands/config.ts";
import { declareExec } from "./commands/exec.ts";
import { declareInit } from "./commands/init.ts";
import { declarePlan } from "./commands/plan.ts";
import { declareProduction } from "./commands/production.ts";
import { declareRepos } from "./commands/repos.ts";
import { declareRun } from "./commands/run.ts";
import { declareRuns } from "./commands/runs.ts";
import { declareServe } from "./commands/serve.ts";
import { declareSlo } from "./commands/slo.ts";
import { declareToken } from "./commands/token.ts";
import { declareDoctor } from "./commands/doctor.ts";
import { declareUpgrade } from "./commands/upgrade.ts";
import { declareWebhooks } from "./commands/webhooks.ts";
import { declareWorkflows } from "./commands/workflows.ts";
import { commandPath, configureCommand, type Shell } from "./declare.ts";
import { addGlobalOptions } from "./declare-global-options.ts";
import { describeExitCodes, exitCodeMeanings } from "./exit-codes.ts";
import { declarePlannedCommands, isPlanned, notBuiltCommand } from "./planned-commands.ts";

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
  program.helpCommand(false);
  program.commandsGroup("Set up:");
  declareInit(program, shell);
  declareConfig(program, shell);
  declareHelp(program);
  program.commandsGroup("Look:");
  declareRepos(program, shell);
  declareWorkflows(program, shell);
  declareAdapters(program, shell);
  declareAudit(program, shell);
  program.commandsGroup("Act:");
  declarePlan(program, shell);
  declareRun(program, shell);
  declareExec(program, shell);
  declareRuns(program, shell);
  program.commandsGroup("Share:");
  declareServe(program, shell);
  declareToken(program, shell);
  declareAccess(program, shell);
  declareWebhooks(program, shell);
  program.commandsGroup("Keep:");
  declareAlerts(program, shell);
  declareSlo(program, shell);
  declareDoctor(program, shell);
  declareBackup(program, shell);
  declareUpgrade(program, shell);
  program.commandsGroup("Decide:");
  declareProduction(program, shell);
  declarePlannedCommands(program, shell);
  addGlobalOptions(program);
  program.addHelpText("after", () =>
    [
      "",
      "Ids may be shortened while unique. Begin with: mahavishnu init demo --demo",
      "",
      ...describeExitCodes({ 2: exitCodeMeanings[2] }),
    ].join("\n"),
  );
  return program;
}

/** `help [COMMAND...]`: the same as the command with `--help`; a command that is not there is an error, as everywhere. */
function declareHelp(program: Command): void {
  program
    .command("help")
    .argument("[COMMAND...]", "words of a command, such as: runs list")
    .description("show the help of a command")
    .action((words: readonly string[]) => {
      let command = program;
      for (const word of words) {
        const below = command.commands.find((child) => child.name() === word);
        if (below === undefined) throw unknownCommand(command, word);
        command = below;
      }
      if (isPlanned(command)) throw notBuiltCommand(commandPath(command));
      command.outputHelp();
    });
}

function unknownCommand(parent: Command, word: string): MahavishnuError {
  const known = parent.commands.filter((child) => !isPlanned(child)).map((child) => child.name());
  return new MahavishnuError("USAGE", `unknown command "${word}"`, {
    fix: known.length === 0 ? `\`${commandPath(parent)}\` has no commands below it.` : didYouMean(word, known),
  });
}
