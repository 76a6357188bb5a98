import type { Command } from "commander";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import type { OutputRules } from "../output-request.ts";

const listOutput: OutputRules = { formats: ["text", "json", "ndjson"], files: false };

/** Declares `adapters list|health`. */
export function declareAdapters(program: Command, shell: Shell): void {
  declareGroup(program, shell, { name: "adapters", summary: "look at the engines and what they offer" }, (group) => {
    declareCommand(group, shell, {
      name: "list",
      remote: true,
      summary: "list the adapters with their versions and capabilities",
      examples: [["mahavishnu adapters list", "the embedded engine is always there"]],
      output: listOutput,
      run: async ({ options, io }) => (await import("./adapters-run.ts")).runAdaptersList(options, io),
    });
    declareCommand(group, shell, {
      name: "health",
      remote: true,
      summary: "make a real round trip through each adapter",
      arguments: [["[NAME]", "one adapter; all when left out"]],
      examples: [["mahavishnu adapters health embedded", "executes a canary run and prints the time it took"]],
      exitCodes: { 0: "every adapter asked is healthy", 1: "at least one is not" },
      output: listOutput,
      run: async ({ args, options, io }) =>
        (await import("./adapters-run.ts")).runAdaptersHealth(
          args[0] === undefined ? options : { ...options, name: args[0] },
          io,
        ),
    });
  });
}
