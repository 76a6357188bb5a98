import { statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { type Command, Option } from "commander";
import { MahavishnuError } from "../../lib/errors.ts";
import type { ProductionFlags, Suite } from "../command-options.ts";
import { declareCommand, declareGroup, type Shell } from "../declare.ts";
import { parseDurationFlag, parseWholeNumber } from "../option-parsers.ts";
import { listOption } from "../shared-options.ts";

const suites: readonly { readonly name: Suite; readonly summary: string; readonly example: string }[] = [
  {
    name: "check-config",
    summary: "check configuration, limits, security and repositories",
    example: "reads and reasons only, in seconds",
  },
  {
    name: "run-integration-tests",
    summary: "run the integration tests in scratch space",
    example: "real runs on scratch repositories",
  },
  {
    name: "run-benchmarks",
    summary: "measure speed and compare it with the limits",
    example: "median and spread of each figure",
  },
  {
    name: "run-all-tests",
    summary: "everything: checks, tests and benchmarks, and the one verdict",
    example: "the answer before a deployment",
  },
];

/** Declares `production check-config|run-integration-tests|run-benchmarks|run-all-tests|explain`. */
export function declareProduction(program: Command, shell: Shell): void {
  declareGroup(
    program,
    shell,
    { name: "production", summary: "say whether this installation is ready for production" },
    (group) => {
      for (const suite of suites) {
        declareCommand<ProductionFlags>(group, shell, {
          name: suite.name,
          remote: true,
          summary: suite.summary,
          options: suiteOptions,
          examples: [
            [`mahavishnu production ${suite.name}`, suite.example],
            [
              `mahavishnu production ${suite.name} -o json -o junit=report.xml`,
              "JSON on the standard output, JUnit into a file",
            ],
          ],
          exitCodes: { 0: "ready", 1: "not ready", 2: "usable, with reservations" },
          output: { formats: ["text", "short", "json", "ndjson", "junit"], files: true },
          check: ({ options }, { cwd }) => {
            refuseContradictions(options);
            for (const { file } of options.reports) refuseReportPlace(file, cwd);
          },
          run: async ({ options, io }) =>
            (await import("./production-run.ts")).runProductionSuite({ ...options, suite: suite.name }, io),
        });
      }
      declareCommand(group, shell, {
        name: "explain",
        remote: true,
        summary: "say what a check looks at, why, and how to mend what it finds",
        arguments: [["<ID>", "id of a check, test or benchmark, for instance CFG008"]],
        examples: [["mahavishnu production explain SEC003", "what it proves, its severity, its gates and the remedy"]],
        run: async ({ args, options, io }) =>
          (await import("./production-run.ts")).runProductionExplain({ ...options, id: args[0] ?? "" }, io),
      });
    },
  );
}

function suiteOptions(): Option[] {
  return [
    new Option("--all", "all headings, with the probes that act"),
    new Option("--profile <PROFILE>", "decides severities; the configuration's when left out").choices([
      "development",
      "production",
    ]),
    listOption("--only <GLOB>", "only ids that match"),
    listOption("--skip <GLOB>", "without ids that match; a skipped required check is not verified"),
    new Option("--list", "print the ids, run nothing"),
    new Option("--plan", "print what would run and how long it would take, run nothing"),
    new Option("--wait <DURATION>", "how long to wait for another suite on this workspace").argParser(
      parseDurationFlag,
    ),
    new Option("--no-wait", "fail at once when another suite runs"),
    new Option("--strict", "reservations count as not ready"),
    new Option("--no-waivers", "as if there were no waivers"),
    new Option("--read-only", "nothing is written into repositories, not even a scratch branch"),
    new Option("--exit-zero", "exit with 0 whatever the verdict; the report keeps it"),
    new Option("--allow-empty", "a selection without any check is no error"),
    new Option("--fail-fast", "stop at the first required check that fails"),
    new Option(
      "--deadline <DURATION>",
      "end the suite after this time; what has not run counts as not passed",
    ).argParser(parseDurationFlag),
    new Option("--thorough", "the long forms of the benchmarks"),
    new Option("--shuffle", "in random order"),
    new Option("--seed <N>", "the order of this seed, with --shuffle").argParser(parseWholeNumber),
  ];
}

/** Looked at first: nobody wants to hear of a mistyped folder when the suite has run. */
function refuseReportPlace(file: string, cwd: string): void {
  const path = resolve(cwd, file);
  const folder = dirname(path);
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new MahavishnuError("USAGE", `-o ${file}: there is no folder ${folder}`, {
      fix: "Make it, or name another.",
    });
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory() === true)
    throw new MahavishnuError("USAGE", `-o ${file}: this is a folder`, { fix: "Name a file in it." });
}

function refuseContradictions(options: ProductionFlags): void {
  if (options.list === true && options.plan === true)
    throw new MahavishnuError("USAGE", "--list and --plan contradict each other", { fix: "Give one of them." });
  if (options.seed !== undefined && options.shuffle !== true)
    throw new MahavishnuError("USAGE", "--seed goes with --shuffle only", { fix: "Add --shuffle." });
}
