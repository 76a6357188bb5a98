import { type Command, Option } from "commander";
import type { RunFlags } from "../command-options.ts";
import { declareCommand, type Shell } from "../declare.ts";
import { parseNonEmpty } from "../option-parsers.ts";
import { detachOption, inputOption, maxParallelOption, selectOption, selectorHelp } from "../shared-options.ts";

/** Declares `run WORKFLOW`. */
export function declareRun(program: Command, shell: Shell): void {
  declareCommand<RunFlags>(program, shell, {
    name: "run",
    remote: true,
    summary: "run a workflow and follow it to its end",
    description:
      "Run a workflow and follow it to its end. The run belongs to this process: Ctrl-C cancels it (twice: at once), " +
      "TERM leaves it for `mahavishnu runs resume`. With --detach it is only recorded, and a server of the workspace executes it.",
    arguments: [["<WORKFLOW>", "name of the workflow"]],
    options: () => [
      inputOption(),
      selectOption("repositories that the sweeps are narrowed to"),
      maxParallelOption("repositories at once"),
      new Option("--idempotency-key <KEY>", "start at most one run with this key; again, show that one").argParser(
        parseNonEmpty,
      ),
      detachOption(),
    ],
    examples: [
      ["mahavishnu run raise-node -i major=24", "over all repositories that the workflow selects"],
      ["mahavishnu run raise-node -s name:gateway -o json", "on one repository; the finished run as JSON"],
      [
        "mahavishnu run nightly --detach",
        "executed by `mahavishnu serve`, here or wherever it is started on this workspace",
      ],
      ["mahavishnu run nightly --idempotency-key $CI_PIPELINE_ID", "a job that is started twice runs once"],
    ],
    exitCodes: {
      0: "the run succeeded, or was recorded",
      1: "the run failed or was cancelled, or a file of the workspace is not valid",
      2: "the run is partial: some targets failed or were skipped",
      64: "wrong flag, argument or input, no such workflow, or no workspace",
    },
    output: { formats: ["text", "json", "ndjson"], files: false },
    run: async ({ args, options, io }) =>
      (await import("./run-run.ts")).runRun({ ...options, workflow: args[0] ?? "" }, io),
    notes: selectorHelp,
  });
}
