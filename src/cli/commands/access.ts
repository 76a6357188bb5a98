import type { Command } from "commander";
import type { AccessCanFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { listOption } from "../shared-options.ts";

/** Declares `access show|can|whoami`. */
export function declareAccess(program: Command, shell: Shell): void {
  declareGroup(program, shell, { name: "access", summary: "see who may do what, and why" }, (group) => {
    declareCommand(group, shell, {
      name: "show",
      remote: true,
      summary: "show roles, and who has which, tokens included",
      examples: [["mahavishnu access show", "built-in roles, those of the configuration, and all bindings"]],
      run: async ({ options, io }) => (await import("./access-run.ts")).runAccessShow(options, io),
    });
    declareCommand<AccessCanFlags>(group, shell, {
      name: "can",
      remote: true,
      summary: "say whether somebody may do something, and which binding decides",
      arguments: [
        ["<SUBJECT>", "user:NAME, service:NAME, local:NAME, group:NAME or token:ID"],
        ["<ACTION>", "a permission, such as runs:start"],
        ["[RESOURCE]", "a repository, run:ID or workflow:NAME; the whole workspace when left out"],
      ],
      options: () => [listOption("--group <GROUP>", "a group that the subject would be in, as group:NAME")],
      examples: [
        ["mahavishnu access can user:dana runs:start gateway", "one repository"],
        ["mahavishnu access can service:ci runs:start workflow:raise-node", "all that a workflow sweeps"],
        ["mahavishnu access can user:dana runs:cancel run:k3v9 --group group:ops", "as a member of a group"],
      ],
      exitCodes: { 0: "it is allowed", 1: "it is refused" },
      run: async ({ args, options, io }) => {
        const [subject = "", action = "", resource] = args;
        const asked = { ...options, subject, action, ...(resource === undefined ? {} : { resource }) };
        return await (await import("./access-run.ts")).runAccessCan(asked, io);
      },
    });
    declareCommand(group, shell, {
      name: "whoami",
      remote: true,
      summary: "say who you are here, and what you may do",
      examples: [["mahavishnu access whoami", "your name, your bindings and your permissions"]],
      run: async ({ options, io }) => (await import("./access-run.ts")).runAccessWhoAmI(options, io),
    });
  });
}
