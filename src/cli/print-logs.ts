import type { LogPiece } from "../app/read-logs.ts";
import { followRunLogs, readRunLogs, type ReadRunLogsInput, showRun } from "../app/use-cases/runs.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { type CommandIo, writeNdjson } from "./command-io.ts";
import type { RunsLogsOptions } from "./command-options.ts";
import type { Door } from "./door.ts";
import { whereWords } from "./where-words.ts";

/**
 * Prints what the chosen steps printed, each piece under its own heading where there are several; with `--follow` until the run
 * is over, or its process is gone.
 *
 * @throws MahavishnuError USAGE when no run is named, when it has no such repository, job, step or attempt, or for options that are about
 * the log of the service.
 */
export async function printLogs(door: Door, io: CommandIo, options: RunsLogsOptions): Promise<number> {
  const { repo, job, step, attempt, follow = false } = options;
  const id = refuseServiceOnly(options);
  const choice: ReadRunLogsInput = {
    id,
    ...(repo === undefined ? {} : { repository: repo }),
    ...(job === undefined ? {} : { job }),
    ...(step === undefined ? {} : { step }),
    ...(attempt === undefined ? {} : { attempt }),
  };
  let last: LogPiece | undefined;
  for await (const piece of follow ? await door.perform(followRunLogs, choice) : readAll(door, choice)) {
    print(piece, last, { io, options });
    last = piece;
  }
  if (!follow) {
    if (last !== undefined && options.format === "text" && !last.text.endsWith("\n")) io.stdout.write("\n");
    return 0;
  }
  const run = await door.perform(showRun, { id });
  if (run.state === "interrupted") {
    io.stderr.write(
      `run ${run.id} is interrupted; go on with: mahavishnu runs resume ${run.id}${whereWords(options, io.cwd)}\n`,
    );
  }
  return 0;
}

/** The run, where nothing else was asked for than what its steps printed. */
function refuseServiceOnly({ id, level, since, until, limit, cursor, format }: RunsLogsOptions): string {
  if (id === undefined) {
    throw new MahavishnuError("USAGE", "it is not said which run's logs", {
      fix: "Give the id of a run, or --service for the log of the service.",
    });
  }
  const given = Object.entries({ level, since, until, limit, cursor }).find(([, value]) => value !== undefined);
  const other = format === "json" ? "-o json" : given === undefined ? null : `--${given[0]}`;
  if (other === null) return id;
  throw new MahavishnuError("USAGE", `${other} is for the log of the service`, {
    fix: format === "json" ? "Use -o ndjson, or add --service." : "Add --service, or leave it out.",
  });
}

/** What there is by now: pages, until one is empty or the last. */
async function* readAll(door: Door, choice: ReadRunLogsInput): AsyncGenerator<LogPiece> {
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await door.perform(readRunLogs, { ...choice, ...(cursor === undefined ? {} : { cursor }) });
    yield* page.items;
    cursor = page.items.length === 0 ? null : page.nextCursor;
  }
}

interface Printing {
  readonly io: CommandIo;
  readonly options: RunsLogsOptions;
}

function print(piece: LogPiece, last: LogPiece | undefined, { io, options }: Printing): void {
  if (options.format === "ndjson") {
    const { cursor: _cursor, ...line } = piece;
    writeNdjson(io.stdout, [line]);
    return;
  }
  const isNew = last === undefined || headingOf(last) !== headingOf(piece);
  if (isNew && last !== undefined && options.follow !== true && !last.text.endsWith("\n")) io.stdout.write("\n");
  if (isNew && isSeveral(options)) io.stdout.write(`${last === undefined ? "" : "\n"}== ${headingOf(piece)}\n`);
  io.stdout.write(piece.text);
}

function headingOf({ job, repository, step, attempt }: LogPiece): string {
  return `${repository === null ? job : `${job}/${repository}`} ${step} #${attempt}`;
}

/** Whether more than one step's output may come. */
function isSeveral({ repo, step }: RunsLogsOptions): boolean {
  return repo === undefined || step === undefined;
}
