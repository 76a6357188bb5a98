import { type Command, InvalidArgumentError, Option } from "commander";
import { durationForms, parseDuration } from "../../lib/duration.ts";
import type { RunsPurgeFlags } from "../command-options.ts";
import { declareCommand, type Shell } from "../declare.ts";

/** How a run can have ended. */
const endStates: readonly string[] = ["succeeded", "partial", "failed", "cancelled"];

/** Declares `runs purge`. */
export function declareRunsPurge(group: Command, shell: Shell): void {
  declareCommand<RunsPurgeFlags>(group, shell, {
    name: "purge",
    remote: true,
    summary: "forget runs, output, logs and old audit entries, as retention says",
    description:
      "Forget what is older or more than `retention` in the configuration says: runs with their history, files and kept " +
      "trees, output of runs, files of the service's log, and entries of the audit trail, which are exported first. The purge " +
      "is a run itself (mahavishnu/purge): its logs name what is gone. With --state or --older-than only runs are purged.",
    options: () => [
      new Option("--dry-run", "say what would go, and change nothing"),
      new Option("--state <STATE>", `only runs that ended so (${endStates.join(", ")}); repeatable`).argParser(
        collectState,
      ),
      new Option(
        "--older-than <AGE>",
        "runs that ended longer ago, such as 90d, instead of what retention says",
      ).argParser(parseAge),
    ],
    examples: [
      ["mahavishnu runs purge --dry-run", "what would go now"],
      ["mahavishnu runs purge", "what retention says"],
      ["mahavishnu runs purge --state succeeded --older-than 30d", "only these runs"],
    ],
    exitCodes: {
      0: "it is done, or there was nothing to do",
      1: "the purge failed or was cancelled; the next one goes on",
    },
    notes: "See docs/retention.md. A server purges by itself with retention.every.",
    output: { formats: ["text", "json", "ndjson"], files: false },
    run: async ({ options, io }) => (await import("./runs-purge-run.ts")).runRunsPurge(options, io),
  });
}

const collectOneState = new Option("--state <STATE>").choices(endStates).parseArg;

function collectState(value: string, previous: readonly string[] | undefined): readonly string[] {
  return [...new Set([...(previous ?? []), String(collectOneState?.(value, undefined))])];
}

function parseAge(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new InvalidArgumentError(`It must be a duration such as ${durationForms}.`);
  if (ms > 10 * 366 * 86_400_000) throw new InvalidArgumentError("It must be at most 10 years.");
  return ms;
}
