import type { Argument, Command, Help, HelpConfiguration, Option } from "commander";

/** The heading of the flags that every command takes; they stand last. */
export const globalOptionsHeading = "Global options:";

/** How help is laid out: what is the command's own first, the flags of every command last. */
export function layoutHelp(helpWidth: number): HelpConfiguration {
  return {
    helpWidth,
    subcommandTerm: (command) => [command.name(), ...command.registeredArguments.map(argumentTerm)].join(" "),
    optionDescription: describeOption,
    formatHelp,
  };
}

function argumentTerm(argument: Argument): string {
  const name = `${argument.name()}${argument.variadic ? "..." : ""}`;
  return argument.required ? `<${name}>` : `[${name}]`;
}

function describeOption(option: Option): string {
  const choices = option.argChoices === undefined ? "" : ` (${option.argChoices.join(", ")})`;
  const byDefault =
    option.defaultValue === undefined || option.negate ? "" : `; ${String(option.defaultValue)} when left out`;
  return `${option.description}${choices}${byDefault}`;
}

function formatHelp(command: Command, helper: Help): string {
  const termWidth = helper.padWidth(command, helper);
  const list = (heading: string, items: readonly (readonly [term: string, description: string])[]): string[] =>
    items.length === 0
      ? []
      : [heading, ...items.map(([term, text]) => helper.formatItem(term, termWidth, text, helper)), ""];

  const sections = [
    `Usage: ${helper.commandUsage(command)}`,
    "",
    helper.boxWrap(helper.commandDescription(command), helper.helpWidth ?? 80),
    "",
    ...list(
      "Arguments:",
      helper
        .visibleArguments(command)
        .map((argument) => [helper.argumentTerm(argument), helper.argumentDescription(argument)]),
    ),
  ];
  for (const [heading, commands] of groupBy(helper.visibleCommands(command), (sub) => sub.helpGroup() || "Commands:")) {
    sections.push(
      ...list(
        heading,
        commands.map((sub) => [helper.subcommandTerm(sub), helper.subcommandDescription(sub)]),
      ),
    );
  }
  const options = groupBy(helper.visibleOptions(command), (option) => option.helpGroupHeading ?? "Options:");
  const ordered = [...options].toSorted(
    ([a], [b]) => Number(a === globalOptionsHeading) - Number(b === globalOptionsHeading),
  );
  for (const [heading, members] of ordered) {
    sections.push(
      ...list(
        heading,
        members.map((option) => [helper.optionTerm(option), helper.optionDescription(option)]),
      ),
    );
  }
  return sections.join("\n");
}

function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  return Map.groupBy(items, keyOf);
}
