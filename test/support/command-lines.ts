import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";

/** The commands as they are declared, with nothing behind them. */
export function buildTestProgram(): Command {
  return buildProgram({
    argv: [],
    env: {},
    cwd: "/",
    helpWidth: 100,
    writeHelp: () => {},
    mayName: () => true,
    openIo: () => {
      throw new Error("nothing is run here");
    },
    finish: () => {},
  });
}

/** The lines of a text that call the command, without what surrounds them. */
export function readCommandLines(text: string): string[] {
  const forms = [
    // A line of a terminal or a comment: the call stands alone, perhaps with words on it two spaces further on.
    /^[ \t]*(?:[$#*]|\/\/)?[ \t]*(?:npx )?(mahavishnu (?:[a-z]|--)[^\n`]*?)(?:[ \t]{2,}.*)?$/gm,
    /`(?:npx )?(mahavishnu (?:[a-z]|--)[^`\n]*)`/g,
  ];
  return forms
    .flatMap((form) => [...text.matchAll(form)].map((match) => (match[1] ?? "").split(/[\\"]/)[0] ?? ""))
    .map((line) => line.trim())
    .filter((line) => !line.includes("${"));
}

/** What is wrong with a command line, or undefined when each word and flag is one that the commands declare. */
export function findCommand(program: Command, line: string): string | undefined {
  // What `--` separates is another program's, `...` and capitals stand for something.
  const words = (line.split(" -- ")[0] ?? "").split(/\s+/).slice(1);
  let command = program;
  for (const word of words) {
    if (word.startsWith("-")) {
      const flag = word.split("=")[0] ?? word;
      if (!knowsFlag(command, flag)) return `"${command.name()}" has no flag ${flag}`;
      continue;
    }
    const below = command.commands.find((child) => child.name() === word);
    if (below !== undefined) command = below;
    else if (command.commands.length > 0 && /^[a-z-]+$/.test(word) && command.registeredArguments.length === 0) {
      return `"${command.name()}" has no command "${word}"`;
    }
  }
  return undefined;
}

function knowsFlag(command: Command, flag: string): boolean {
  if (flag === "-h" || flag === "--help") return true;
  for (let at: Command | null = command; at !== null; at = at.parent) {
    if (at.options.some((option) => option.short === flag || option.long === flag)) return true;
  }
  return false;
}
