import { type Command, Option } from "commander";
import type { ConfigShowFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";

/** Declares `config show|validate|schema`. */
export function declareConfig(program: Command, shell: Shell): void {
  declareGroup(program, shell, { name: "config", summary: "show and check the configuration" }, (group) => {
    declareCommand<ConfigShowFlags>(group, shell, {
      name: "show",
      remote: true,
      summary: "print the configuration that is in force",
      description:
        "Print the configuration that is in force: defaults, mahavishnu.yaml, mahavishnu.local.yaml, environment and --set, " +
        "the later over the earlier. Secrets print as ***.",
      options: () => [new Option("--origin", "print where each value came from")],
      examples: [
        ["mahavishnu config show --origin", "every value with the file and line, variable or flag that set it"],
        [
          "mahavishnu config show --set limits.timeout=5m -o json",
          "what the configuration would be with another value",
        ],
      ],
      exitCodes: { 1: "the configuration is not valid" },
      run: async ({ options, io }) => (await import("./config-run.ts")).runConfigShow(options, io),
    });
    declareCommand(group, shell, {
      name: "validate",
      remote: true,
      summary: "check the configuration and name each wrong place",
      examples: [["mahavishnu config validate", "file, line and column of each mistake, or one line that all is well"]],
      exitCodes: { 0: "the configuration is valid", 1: "the configuration is not valid" },
      run: async ({ options, io }) => (await import("./config-run.ts")).runConfigValidate(options, io),
    });
    declareCommand(group, shell, {
      name: "schema",
      summary: "print the JSON Schema of mahavishnu.yaml",
      examples: [["mahavishnu config schema > config.v1.json", "for editors that check YAML while you type"]],
      output: { formats: ["json"], files: false },
      run: async ({ options, io }) => (await import("./config-run.ts")).runConfigSchema(options, io),
    });
  });
}
