import { type Command, Option } from "commander";
import type { AlertsSilenceFlags, AlertsTestFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { collectKeyValue, parseDurationFlag, parseNonEmpty, refuseTwice } from "../option-parsers.ts";
import type { OutputRules } from "../output-request.ts";

const listOutput: OutputRules = { formats: ["text", "json", "ndjson"], files: false };

/** Declares `alerts list|silence|silences|unsilence|test`. */
export function declareAlerts(program: Command, shell: Shell): void {
  const head = { name: "alerts", summary: "see what is alerted of, keep it silent for a while, try who is told" };
  declareGroup(program, shell, head, (group) => {
    declareCommand(group, shell, {
      name: "list",
      remote: true,
      summary: "list the rules of the configuration, and what fires",
      examples: [["mahavishnu alerts list", "how each rule stands, and since when"]],
      notes:
        "A rule is unknown while nothing is known of what it watches, as when no server runs.\nThat is not ok: nobody has looked.",
      output: listOutput,
      run: async ({ options, io }) => (await import("./alerts-run.ts")).runAlertsList(options, io),
    });
    declareCommand<AlertsSilenceFlags>(group, shell, {
      name: "silence",
      remote: true,
      summary: "tell nobody of a rule's alerts for a while",
      arguments: [["<RULE>", "name of the rule under telemetry.alerts"]],
      options: () => [
        new Option("--for <DURATION>", "how long, such as 2h").argParser(parseDurationFlag).makeOptionMandatory(),
        new Option("--reason <TEXT>", "why; others read it").argParser(parseNonEmpty).makeOptionMandatory(),
        new Option("--label <NAME=VALUE>", "only alerts that have this label; may be repeated").argParser(
          collectKeyValue,
        ),
      ],
      examples: [
        [
          'mahavishnu alerts silence failures --label workflow=ship --for 2h --reason "the registry moves"',
          "of one workflow alone",
        ],
      ],
      notes:
        "Whoever was told that something began is still told that it is over.\nWhat goes on when the silence ends is told then.",
      exitCodes: { 64: "wrong flag or argument, no such rule, or no workspace" },
      run: async ({ args, options, io }) => {
        // Here, since what the body of a command shares with the entry costs every command a file.
        refuseTwice("--label", options.label ?? []);
        return await (await import("./alerts-run.ts")).runAlertsSilence({ ...options, rule: args[0] ?? "" }, io);
      },
    });
    declareCommand(group, shell, {
      name: "silences",
      remote: true,
      summary: "list what is silent, until when and why",
      examples: [["mahavishnu alerts silences", "those that have not ended"]],
      output: listOutput,
      run: async ({ options, io }) => (await import("./alerts-run.ts")).runAlertsSilences(options, io),
    });
    declareCommand(group, shell, {
      name: "unsilence",
      remote: true,
      summary: "end a silence now",
      arguments: [["<ID>", "id of the silence, as `alerts silences` shows it"]],
      examples: [["mahavishnu alerts unsilence k3v9q0x2mf", "what goes on is told at once"]],
      exitCodes: { 64: "wrong flag or argument, no such silence, or no workspace" },
      run: async ({ args, options, io }) =>
        (await import("./alerts-run.ts")).runAlertsUnsilence({ ...options, id: args[0] ?? "" }, io),
    });
    declareCommand<AlertsTestFlags>(group, shell, {
      name: "test",
      remote: true,
      summary: "tell channels once and now that this is a test",
      arguments: [["[RULE]", "only the channels of this rule; all when left out"]],
      options: () => [new Option("--channel <NAME>", "only this one").argParser(parseNonEmpty)],
      examples: [
        ["mahavishnu alerts test", "what each receiver answers"],
        ["mahavishnu alerts test failures --channel ops", "as an alert of this rule would come"],
      ],
      notes: "It needs no server: the message is sent by this command.",
      exitCodes: {
        0: "all have taken it",
        1: "one has not, and why",
        64: "wrong flag or argument, no such rule or channel, or no workspace",
      },
      run: async ({ args, options, io }) => {
        const [rule] = args;
        const { runAlertsTest } = await import("./alerts-run.ts");
        return await runAlertsTest({ ...options, ...(rule === undefined ? {} : { rule }) }, io);
      },
    });
  });
}
