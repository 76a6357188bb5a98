import { type Command, Option } from "commander";
import { MahavishnuError } from "../../lib/errors.ts";
import type { ExecFlags } from "../command-options.ts";
import { declareCommand, type Shell } from "../declare.ts";
import { parseDurationFlag } from "../option-parsers.ts";
import { detachOption, maxParallelOption, selectOption, selectorHelp } from "../shared-options.ts";

/** Declares `exec -- COMMAND...`. */
export function declareExec(program: Command, shell: Shell): void {
  declareCommand<ExecFlags>(program, shell, {
    name: "exec",
    remote: true,
    summary: "run one command in every selected repository",
    description:
      "Run one command in every selected repository. It is a durable run like any other: it is listed, resumed and retried. " +
      "The words after -- are started as they are, without a shell.",
    arguments: [["<COMMAND...>", "the command and its arguments, after --"]],
    options: () => [
      selectOption(),
      maxParallelOption("repositories at once"),
      new Option("--timeout <DURATION>", "time for each repository, for instance 5m").argParser(parseDurationFlag),
      detachOption(),
    ],
    examples: [
      ["mahavishnu exec -- git rev-parse HEAD", "the commit of every repository"],
      ["mahavishnu exec -s role:service --max-parallel 4 -- npm test", "the tests of the services, four at a time"],
      ["mahavishnu exec -- sh -c 'git log -1 | head -1'", "a shell, where one is wanted"],
    ],
    exitCodes: {
      0: "the command succeeded everywhere, or its run was recorded",
      1: "it succeeded nowhere, or the run was cancelled",
      2: "it failed in some repositories",
    },
    output: { formats: ["text", "json", "ndjson"], files: false },
    check: requireDashes,
    run: async ({ args, options, io }) => (await import("./exec-run.ts")).runExec({ ...options, command: args }, io),
    notes: selectorHelp,
  });
}

/** Without `--` the flags of the command would be taken as ours: `exec git commit -v`. */
function requireDashes(call: { readonly args: readonly string[] }, shell: Shell): void {
  const dashes = shell.argv.indexOf("--");
  if (dashes !== -1 && shell.argv.length - dashes - 1 === call.args.length) return;
  const words = shell.argv.slice(shell.argv.indexOf(call.args[0] ?? "")).filter((word) => word !== "--");
  throw new MahavishnuError("USAGE", "the command must stand after --, so that its flags are its own", {
    fix: `Write: mahavishnu exec [flags] -- ${words.join(" ")}`,
  });
}
