import type { LogLine } from "../telemetry/logs/read-log-lines.ts";
import { readServiceLog, type ReadServiceLogInput } from "../app/use-cases/service-log.ts";
import { systemClock } from "../lib/clock.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "./command-io.ts";
import type { RunsLogsOptions } from "./command-options.ts";
import type { Door } from "./door.ts";
import { renderLogLine } from "./terminal/log-line-view.ts";

/** Lines shown when `--limit` is left out. */
const defaultLimit = 100;
/** The most of one question. */
const pageSize = 1_000;
/** How often `--follow` looks for new lines; milliseconds. */
const lookMs = 1_000;

/**
 * Prints the log of the service: the newest lines that were asked for, the oldest of them first; with `--follow` also those that come.
 *
 * @throws MahavishnuError USAGE for options that are about what steps printed, or that contradict each other.
 */
export async function printServiceLog(door: Door, io: CommandIo, options: RunsLogsOptions): Promise<number> {
  refuseOthers(options);
  const { limit = defaultLimit, cursor, format, follow = false } = options;
  const found = await readOlder(door, { ...choiceOf(options), limit, ...(cursor === undefined ? {} : { cursor }) });
  if (format === "json") {
    writeJson(io.stdout, found);
    return 0;
  }
  const print = (lines: readonly LogLine[]): void => {
    if (format === "ndjson") writeNdjson(io.stdout, lines);
    else
      writeLines(
        io.stdout,
        lines.map((line) => renderLogLine(line, io.stdout)),
      );
  };
  print(found.items.toReversed());
  if (found.damaged > 0) io.stderr.write(`lines that could not be read: ${found.damaged}\n`);
  if (follow) await followLines(door, io, { options, after: found.items[0]?.cursor, print });
  else if (found.items.length === 0) io.stderr.write("no lines\n");
  else if (found.nextCursor !== null && format === "text")
    io.stderr.write(`there may be older lines: add --cursor ${found.nextCursor}\n`);
  return 0;
}

/** Lines, the newest first. */
interface Found {
  items: LogLine[];
  nextCursor: string | null;
  damaged: number;
}

/** As many as are wanted: one question looks at so much, and may find few of them or none. */
async function readOlder(door: Door, choice: ReadServiceLogInput): Promise<Found> {
  const found: Found = { items: [], nextCursor: choice.cursor ?? null, damaged: 0 };
  do {
    const limit = Math.min(pageSize, choice.limit - found.items.length);
    const page = await door.perform(readServiceLog, {
      ...choice,
      limit,
      ...(found.nextCursor === null ? {} : { cursor: found.nextCursor }),
    });
    found.items.push(...page.items);
    found.nextCursor = page.nextCursor;
    found.damaged += page.damaged;
  } while (found.nextCursor !== null && found.items.length < choice.limit);
  return found;
}

interface Following {
  readonly options: RunsLogsOptions;
  /** The newest line that is printed. */
  readonly after: string | undefined;
  readonly print: (lines: readonly LogLine[]) => void;
}

async function followLines(door: Door, io: CommandIo, { options, after: newest, print }: Following): Promise<void> {
  const stop = AbortSignal.any([io.interrupts.signal, io.stdout.closed]);
  const choice = choiceOf(options);
  let after = newest;
  for (;;) {
    await systemClock.sleep(lookMs, stop).catch(() => undefined);
    if (stop.aborted) return;
    const page = { ...choice, limit: Number.MAX_SAFE_INTEGER, ...(after === undefined ? {} : { after }) };
    const { items } = await readOlder(door, page);
    print(items.toReversed());
    after = items[0]?.cursor ?? after;
  }
}

function choiceOf({ id, repo, level, since, until }: RunsLogsOptions): Omit<ReadServiceLogInput, "limit"> {
  return {
    ...(id === undefined ? {} : { runId: id }),
    ...(repo === undefined ? {} : { repository: repo }),
    ...(level === undefined ? {} : { level }),
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
  };
}

function refuseOthers({ job, step, attempt, follow, until, cursor, format }: RunsLogsOptions): void {
  const ofSteps = Object.entries({ job, step, attempt }).find(([, value]) => value !== undefined);
  if (ofSteps !== undefined) {
    throw new MahavishnuError("USAGE", `--${ofSteps[0]} is about what steps printed, and --service is not`, {
      fix: "Leave one of them out.",
    });
  }
  if (follow !== true) return;
  const ended = Object.entries({ until, cursor }).find(([, value]) => value !== undefined);
  const other = format === "json" ? "-o json" : ended === undefined ? null : `--${ended[0]}`;
  if (other === null) return;
  throw new MahavishnuError("USAGE", `--follow and ${other} contradict each other`, {
    fix: format === "json" ? "Use -o ndjson." : "Leave one of them out.",
  });
}
