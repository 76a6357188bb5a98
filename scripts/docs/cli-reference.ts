import type { Command } from "commander";
import { buildProgram } from "../../src/cli/program.ts";

/** The page docs/reference/cli.md: the help of every command that is offered, as the command itself prints it. */
export function renderCliReference(): string {
  let text = "";
  const program = buildProgram({
    argv: [],
    env: {},
    cwd: "/",
    helpWidth: 100,
    writeHelp: (help) => {
      text += help;
    },
    mayName: () => true,
    openIo: () => {
      throw new Error("help opens no terminal");
    },
    finish: () => {},
  });
  const sections = listCommands(program, "").map(({ command, path }) => {
    text = "";
    command.outputHelp();
    return `## ${path}\n\n\`\`\`\n${text.trim()}\n\`\`\``;
  });
  return `# Commands

What \`--help\` of each command prints. Help of a command: \`mahavishnu COMMAND --help\`.

${sections.join("\n\n")}
`;
}

interface Named {
  readonly command: Command;
  readonly path: string;
}

/** A command and those below it, as its help lists them: what is hidden there is left out here. */
function listCommands(command: Command, above: string): Named[] {
  const path = `${above} ${command.name()}`.trim();
  const below = command
    .createHelp()
    .visibleCommands(command)
    .filter((child) => child.name() !== "help");
  return [{ command, path }, ...below.flatMap((child) => listCommands(child, path))];
}
