import { type Command, Option } from "commander";
import type { RunsCancelFlags, RunsListFlags, RunsLogsFlags, RunsRetryFlags } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { logLevels } from "../../lib/log.ts";
import { parseCount, parseMoment, parseNonEmpty } from "../option-parsers.ts";
import type { OutputRules } from "../output-request.ts";
import { declareRunsPurge } from "./runs-purge.ts";
import { filterHelp, listOption } from "../shared-options.ts";

/** States that `runs list --state` takes. */
export const runStates: readonly string[] = [
  "queued",
  "running",
  "interrupted",
  "cancelling",
  "succeeded",
  "partial",
  "failed",
  "cancelled",
];

const listOutput: OutputRules = { formats: ["text", "json", "ndjson"], files: false };
const id = ["<ID>", "id of the run, or its beginning while that is unique"] as const;
const noRun = "wrong flag or argument, no such run, or no workspace";
const outcomeCodes = {
  0: "the run succeeded",
  1: "the run failed or was cancelled",
  2: "the run is partial: some targets failed or were skipped",
  64: noRun,
};

/** Declares `runs list|show|logs|watch|cancel|resume|retry|purge`. */
export function declareRuns(program: Command, shell: Shell): void {
  declareGroup(
    program,
    shell,
    { name: "runs", summary: "look at runs, and cancel, resume, retry or purge them" },
    (group) => {
      declareLooking(group, shell);
      declareActing(group, shell);
      declareRunsPurge(group, shell);
    },
  );
}

function declareLooking(group: Command, shell: Shell): void {
  declareCommand<RunsListFlags>(group, shell, {
    name: "list",
    remote: true,
    summary: "list runs, the newest first",
    options: () => [
      new Option("--state <STATE>", `only runs in this state (${runStates.join(", ")}); repeatable`).argParser(
        collectState,
      ),
      new Option("--workflow <NAME>", "only runs of this workflow").argParser(parseNonEmpty),
      new Option("--filter <FILTER>", "only runs that this picks").argParser(parseNonEmpty),
      new Option("--limit <N>", "how many at most; 20 when left out").argParser(parseCount),
      new Option("--cursor <CURSOR>", "go on where the page before ended (its nextCursor)").argParser(parseNonEmpty),
    ],
    examples: [
      ["mahavishnu runs list", "the last 20"],
      ["mahavishnu runs list --state interrupted", "runs that wait for `mahavishnu runs resume`"],
      ["mahavishnu runs list --filter 'state:failed && since:2d'", "what has failed lately"],
    ],
    notes: filterHelp,
    output: listOutput,
    run: async ({ options, io }) => (await import("./runs-run.ts")).runRunsList(options, io),
  });
  declareCommand(group, shell, {
    name: "show",
    remote: true,
    summary: "show one run: targets, steps, attempts and why",
    arguments: [id],
    examples: [["mahavishnu runs show k3v9", "the run whose id begins so"]],
    exitCodes: { 64: noRun },
    run: async ({ args, options, io }) =>
      (await import("./runs-run.ts")).runRunsShow({ ...options, id: args[0] ?? "" }, io),
  });
  declareCommand<RunsLogsFlags>(group, shell, {
    name: "logs",
    remote: true,
    summary: "print what the steps of a run printed, or the log of the service",
    arguments: [["[ID]", "id of the run, or its beginning; with --service all runs when left out"]],
    options: () => [
      new Option("--repo <NAME>", "only this repository").argParser(parseNonEmpty),
      new Option("--job <JOB>", "only this job").argParser(parseNonEmpty),
      new Option("--step <STEP>", "only this step").argParser(parseNonEmpty),
      new Option("--attempt <N>", "this attempt; the last one when left out").argParser(parseCount),
      new Option("-f, --follow", "go on until the run has ended, with --service until Ctrl-C"),
      new Option("--service", "the log of the service, and not what steps printed"),
      new Option("--level <LEVEL>", "with --service: only lines that are at least so important").choices(logLevels),
      new Option("--since <TIME>", "with --service: not before this time, or so long ago: 2030-01-31, 24h").argParser(
        parseMoment,
      ),
      new Option("--until <TIME>", "with --service: not after this time, or so long ago").argParser(parseMoment),
      new Option("--limit <N>", "with --service: how many lines at most; 100 when left out").argParser(parseCount),
      new Option("--cursor <CURSOR>", "with --service: go on where the page before ended").argParser(parseNonEmpty),
    ],
    examples: [
      ["mahavishnu runs logs k3v9 --repo ledger --step test", "one step's output"],
      ["mahavishnu runs logs k3v9 --follow", "everything, as it comes"],
      ["mahavishnu runs logs --service --since 1h --level warn", "what the service had to complain of"],
    ],
    exitCodes: { 64: "wrong flag or argument, no such run or part of it, or no workspace" },
    output: listOutput,
    run: async ({ args, options, io }) =>
      (await import("./runs-run.ts")).runRunsLogs(args[0] === undefined ? options : { ...options, id: args[0] }, io),
  });
  declareCommand(group, shell, {
    name: "watch",
    remote: true,
    summary: "follow a run that another process executes",
    arguments: [id],
    examples: [["mahavishnu runs watch k3v9", "live, to its end; Ctrl-C stops watching and leaves the run alone"]],
    exitCodes: outcomeCodes,
    output: listOutput,
    run: async ({ args, options, io }) =>
      (await import("./runs-run.ts")).runRunsWatch({ ...options, id: args[0] ?? "" }, io),
  });
}

function declareActing(group: Command, shell: Shell): void {
  declareCommand<RunsCancelFlags>(group, shell, {
    name: "cancel",
    remote: true,
    summary: "end a run",
    arguments: [id],
    options: () => [
      new Option("--reason <TEXT>", "why; shown in the run's history").argParser(parseNonEmpty),
      new Option("--at-once", "end running steps without grace"),
    ],
    examples: [["mahavishnu runs cancel k3v9 --reason 'wrong branch'", "running steps get TERM, then KILL"]],
    exitCodes: { 0: "the run is cancelled", 1: "it had ended already", 64: noRun },
    run: async ({ args, options, io }) =>
      (await import("./runs-run.ts")).runRunsCancel({ ...options, id: args[0] ?? "" }, io),
  });
  declareCommand(group, shell, {
    name: "resume",
    remote: true,
    summary: "continue runs whose process is gone",
    description:
      "Continue a run whose process is gone, or all such runs. Finished steps never run again; the interrupted one does, " +
      "as a new attempt with the same idempotency key. A lease that has not ended yet is waited for.",
    arguments: [["[ID]", "id of the run, or its beginning; all interrupted runs when left out"]],
    examples: [
      ["mahavishnu runs resume", "all interrupted runs"],
      ["mahavishnu runs resume k3v9", "one of them"],
    ],
    exitCodes: { ...outcomeCodes, 0: "every resumed run succeeded, or there was none" },
    output: listOutput,
    run: async ({ args, options, io }) =>
      (await import("./runs-run.ts")).runRunsResume(args[0] === undefined ? options : { ...options, id: args[0] }, io),
  });
  declareCommand<RunsRetryFlags>(group, shell, {
    name: "retry",
    remote: true,
    summary: "run again what did not succeed, in the same run",
    arguments: [id],
    options: () => [
      new Option("--from <STEP>", "begin at this step, not at the one that failed").argParser(parseNonEmpty),
      listOption("--repo <NAME>", "only this repository"),
    ],
    examples: [
      ["mahavishnu runs retry k3v9", "every failed, skipped or cancelled target"],
      ["mahavishnu runs retry k3v9 --repo ledger --from set", "one of them, from an earlier step"],
    ],
    exitCodes: outcomeCodes,
    output: listOutput,
    run: async ({ args, options, io }) =>
      (await import("./runs-run.ts")).runRunsRetry({ ...options, id: args[0] ?? "" }, io),
  });
}

const collectOneState = new Option("--state <STATE>").choices(runStates).parseArg;

function collectState(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...(previous ?? []), String(collectOneState?.(value, undefined))];
}
