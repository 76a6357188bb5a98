import type { Command, Option } from "commander";
import { MahavishnuError } from "../lib/errors.ts";
import { addGlobalOptions, localOnly, readGlobalOptions } from "./declare-global-options.ts";
import type { CommandIo } from "./command-io.ts";
import { layoutHelp } from "./help-layout.ts";
import { describeExitCodes, type ExitCodeNotes } from "./exit-codes.ts";
import type { ColourMode, GlobalOptions } from "./global-options.ts";
import type { OutputRules } from "./output-request.ts";

/** What the declared commands need of the process that parses them. */
export interface Shell {
  /** The words after `mahavishnu`. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Columns of the terminal that help is written for. */
  readonly helpWidth: number;
  /** Help goes to the standard output when asked for, else to the standard error. */
  writeHelp(text: string, stream: "stdout" | "stderr"): void;
  /** Whether the command line may name this command: flags of others are not declared, since that takes time. */
  mayName(command: string): boolean;
  /** Called once, when the flags are known. */
  openIo(colour: ColourMode): CommandIo;
  /** Called with the code that the body returned. */
  finish(exitCode: number): void;
}

/** One use of a command, as its body gets it. */
export interface CommandCall<Options> {
  /** Arguments in order; what was left out is undefined, what may come several times is one entry each. */
  readonly args: readonly string[];
  readonly options: Options & GlobalOptions;
  readonly io: CommandIo;
}

/** A command that does something. */
export interface CommandSpec<Options> {
  readonly name: string;
  /** A few words for the list of commands. */
  readonly summary: string;
  /** Sentences for the command's own help; the summary when left out. */
  readonly description?: string;
  /** Syntax and meaning: `["<workflow>", "name of the workflow"]`. */
  readonly arguments?: readonly (readonly [syntax: string, description: string])[];
  /** Made only for the command that is called. */
  readonly options?: () => readonly Option[];
  /** Command lines with what they do. */
  readonly examples: readonly (readonly [line: string, meaning: string])[];
  readonly exitCodes?: ExitCodeNotes;
  /** Further text for the end of the help. */
  readonly notes?: string;
  /** Text and json without files when left out. */
  readonly output?: OutputRules;
  /** It can be asked of a server as well, with `--url`. */
  readonly remote?: true;
  /** Looks at the flags together, before the body is loaded. */
  readonly check?: (call: Omit<CommandCall<Options>, "io">, shell: Shell) => void;
  /** Loads the body and runs it. Resolves with the exit code. */
  readonly run: (call: CommandCall<Options>) => Promise<number>;
}

const defaultOutput: OutputRules = { formats: ["text", "json"], files: false };

/** Declares a group of commands such as `repos`; its members only when the command line may name it. */
export function declareGroup(
  parent: Command,
  shell: Shell,
  head: { readonly name: string; readonly summary: string },
  declareMembers: (group: Command) => void,
): void {
  const { name, summary } = head;
  const group = parent
    .command(name)
    .summary(summary)
    .description(`${capitalise(summary)}.`)
    .helpCommand(false);
  if (!shell.mayName(name)) return;
  configureCommand(group, shell);
  addGlobalOptions(group);
  declareMembers(group);
}

/** Declares a command with its flags, its help and the way to its body. */
export function declareCommand<Options extends object = object>(
  parent: Command,
  shell: Shell,
  spec: CommandSpec<Options>,
): void {
  const command = parent.command(spec.name).summary(spec.summary);
  for (const [syntax, description] of spec.arguments ?? []) command.argument(syntax, description);
  if (!shell.mayName(spec.name)) return;
  command.description(spec.description ?? `${capitalise(spec.summary)}.`);
  command.optionsGroup("Options:");
  for (const option of spec.options?.() ?? []) command.addOption(option);
  configureCommand(command, shell);
  const output = spec.output ?? defaultOutput;
  addGlobalOptions(command, output);
  refuseRepeated(command);
  command.addHelpText("after", () => describeEnd(spec).join("\n"));
  command.action(async () => {
    refuseLostFolder(shell);
    refuseEmptyArguments(command);
    const { global, colour } = readGlobalOptions(command, output, shell);
    if (global.url !== undefined && spec.remote !== true) throw localOnly();
    // The flags' own parsers have made these values; `Options` names them, and the tests check that they agree.
    const call = { args: command.args, options: { ...command.opts<Options>(), ...global } };
    spec.check?.(call, shell);
    shell.finish(await spec.run({ ...call, io: shell.openIo(colour) }));
  });
}

/**
 * A flag that takes one value and comes twice, and `--x` beside `--no-x`: only one could count, and nobody said which.
 * What the help calls repeatable may come several times; `-o` has words of its own for it.
 */
function refuseRepeated(command: Command): void {
  const seen = new Map<string, string>();
  for (const option of command.options) {
    if (option.description.endsWith("; repeatable") || option.attributeName() === "output") continue;
    const takesValue = option.required || option.optional;
    const flag = option.long ?? option.flags;
    command.on(`option:${option.name()}`, () => {
      const before = seen.get(option.attributeName());
      seen.set(option.attributeName(), flag);
      if (before === undefined || (before === flag && !takesValue)) return;
      if (before === flag) throw new MahavishnuError("USAGE", `${flag} is given twice`, { fix: "Give it once." });
      const message = `${before} and ${flag} contradict each other`;
      throw new MahavishnuError("USAGE", message, { fix: "Give one of them." });
    });
  }
}

/** Every path that is not absolute starts at the current folder; without one, all would be looked for in the wrong place. */
function refuseLostFolder({ cwd }: Shell): void {
  if (cwd !== "") return;
  throw new MahavishnuError("USAGE", "the current folder no longer exists", {
    fix: "Change into a folder that exists.",
  });
}

/** An empty text comes from a variable that is not set, and would be taken for the current folder or for nothing. */
function refuseEmptyArguments(command: Command): void {
  for (const [index, argument] of command.registeredArguments.entries()) {
    if (command.args[index] === "") {
      throw new MahavishnuError("USAGE", `the argument ${argument.name()} must not be empty`, {
        fix: `See \`${commandPath(command)} --help\`.`,
      });
    }
  }
}

/** What all commands have in common: errors are thrown, help is written through the shell. */
export function configureCommand(command: Command, shell: Shell): void {
  command.configureHelp(layoutHelp(shell.helpWidth));
  command.configureOutput({
    writeOut: (text) => shell.writeHelp(text, "stdout"),
    writeErr: (text) => shell.writeHelp(text, "stderr"),
    // Errors are thrown, and shown once at the top.
    outputError: () => {},
  });
  command.helpOption("-h, --help", "show this help");
  command.exitOverride((error) => {
    throw Object.assign(error, { command: commandPath(command) });
  });
}

/** The words that call a command: `mahavishnu repos list`. */
export function commandPath(command: Command): string {
  return command.parent === null ? command.name() : `${commandPath(command.parent)} ${command.name()}`;
}

/** The end of a command's help: examples, notes and exit codes. */
function describeEnd(spec: Pick<CommandSpec<object>, "examples" | "exitCodes" | "notes">): string[] {
  const examples = spec.examples.flatMap(([line, meaning]) => [`  $ ${line}`, `      ${meaning}`]);
  const notes = spec.notes === undefined ? [] : ["", spec.notes];
  return ["", "Examples:", ...examples, ...notes, "", ...describeExitCodes(spec.exitCodes ?? {})];
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
