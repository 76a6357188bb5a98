import type { Command } from "commander";
import type { ReposCheckFlags, ReposSelectFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import type { OutputRules } from "../output-request.ts";
import { maxParallelOption, selectOption, selectorHelp } from "../shared-options.ts";

const listOutput: OutputRules = { formats: ["text", "json", "ndjson"], files: false };

/** Declares `repos list|check|graph|scan`. */
export function declareRepos(program: Command, shell: Shell): void {
  declareGroup(program, shell, { name: "repos", summary: "look at the repositories of the fleet" }, (group) => {
    declareCommand<ReposSelectFlags>(group, shell, {
      name: "list",
      remote: true,
      summary: "list the repositories of the manifest",
      options: () => [selectOption("repositories to list; all when left out")],
      examples: [
        ["mahavishnu repos list", "all, in the order of the manifest"],
        ["mahavishnu repos list -s 'role:service && !tag:frozen' -o ndjson", "some, one JSON line each"],
      ],
      output: listOutput,
      run: async ({ options, io }) => (await import("./repos-run.ts")).runReposList(options, io),
      notes: selectorHelp,
    });
    declareCommand<ReposCheckFlags>(group, shell, {
      name: "check",
      remote: true,
      summary: "look at each working tree and name what is wrong",
      description:
        "Look at each working tree: missing, denied, not a git repository, nested, aliased, a stale lock, a merge or rebase " +
        "that was begun and not ended. Each repository is named; none is left out.",
      options: () => [
        selectOption("repositories to check; all when left out"),
        maxParallelOption("repositories looked at at once"),
      ],
      examples: [
        ["mahavishnu repos check", "branch, changes, ahead and behind, and faults of every repository"],
        ["mahavishnu repos check -s tag:team/edge -o json", "the facts of some, as JSON"],
      ],
      exitCodes: { 0: "every repository can be worked on", 1: "at least one repository cannot" },
      output: listOutput,
      run: async ({ options, io }) => (await import("./repos-run.ts")).runReposCheck(options, io),
      notes: selectorHelp,
    });
    declareCommand<ReposSelectFlags>(group, shell, {
      name: "graph",
      remote: true,
      summary: "show which repository needs which",
      options: () => [selectOption("repositories to show; all when left out")],
      examples: [
        ["mahavishnu repos graph", "a tree: what stands below something is needed by it"],
        ["mahavishnu repos graph -o mermaid", "a diagram to paste into Markdown"],
      ],
      output: { formats: ["text", "json", "dot", "mermaid"], files: false },
      exitCodes: { 1: "the manifest is not valid, such as needs in a circle" },
      run: async ({ options, io }) => (await import("./repos-run.ts")).runReposGraph(options, io),
    });
    declareCommand(group, shell, {
      name: "scan",
      remote: true,
      summary: "find git repositories in a folder and print manifest entries for them",
      arguments: [["<DIR>", "folder to search, with the folders below it"]],
      examples: [["mahavishnu repos scan ~/src", "YAML to paste into repos.yaml; nothing is written"]],
      run: async ({ args, options, io }) =>
        (await import("./repos-run.ts")).runReposScan({ ...options, folder: args[0] ?? "." }, io),
    });
  });
}
