import type { Command } from "commander";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";

/** Declares `workflows list|show|validate`. */
export function declareWorkflows(program: Command, shell: Shell): void {
  declareGroup(program, shell, { name: "workflows", summary: "look at the workflows of the workspace" }, (group) => {
    declareCommand(group, shell, {
      name: "list",
      remote: true,
      summary: "list the workflows",
      examples: [["mahavishnu workflows list", "names, inputs and jobs; a file that is not valid is listed as such"]],
      exitCodes: { 1: "at least one workflow file is not valid" },
      output: { formats: ["text", "json", "ndjson"], files: false },
      run: async ({ options, io }) => (await import("./workflows-run.ts")).runWorkflowsList(options, io),
    });
    declareCommand(group, shell, {
      name: "show",
      remote: true,
      summary: "show one workflow: inputs, jobs and steps",
      arguments: [["<NAME>", "name of the workflow"]],
      examples: [["mahavishnu workflows show raise-node", "what it asks for and what it does"]],
      exitCodes: { 1: "its file is not valid", 64: "wrong flag or argument, no such workflow, or no workspace" },
      run: async ({ args, options, io }) =>
        (await import("./workflows-run.ts")).runWorkflowsShow({ ...options, name: args[0] ?? "" }, io),
    });
    declareCommand(group, shell, {
      name: "validate",
      remote: true,
      summary: "check workflow files and name each wrong place",
      arguments: [["[FILE...]", "files to check; all of the workspace when left out"]],
      examples: [
        ["mahavishnu workflows validate", "all workflows of the workspace"],
        ["mahavishnu workflows validate workflows/raise-node.yaml", "one file, for instance before a commit"],
      ],
      exitCodes: { 0: "all files are valid", 1: "at least one file is not valid" },
      run: async ({ args, options, io }) =>
        (await import("./workflows-run.ts")).runWorkflowsValidate({ ...options, files: args }, io),
    });
  });
}
