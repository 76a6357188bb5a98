import { showRun } from "../app/use-cases/runs.ts";
import { writeJson, writeLines, writeNdjson } from "./command-io.ts";
import { exitCodes } from "./exit-codes.ts";
import type { Following } from "./follow-run.ts";
import { whereWords } from "./where-words.ts";

/** A run that was recorded, as the door tells of it. */
interface Recorded {
  readonly runId: string;
  readonly created: boolean;
  readonly servers: number | null;
}

/** Says that a run is recorded, and what to do where no server would begin it. @returns the exit code */
export async function tellDetached(
  { door, io, options }: Following,
  { runId, created, servers }: Recorded,
): Promise<number> {
  const where = whereWords(options, io.cwd);
  if (!created) io.stderr.write(`run ${runId} has this idempotency key already; nothing new was recorded\n`);
  else if (servers === 0) io.stderr.write(`no server of this workspace lives; start one: mahavishnu serve${where}\n`);
  if (options.format === "json") writeJson(io.stdout, await door.perform(showRun, { id: runId }));
  else if (options.format === "ndjson") {
    writeNdjson(io.stdout, [{ type: "run", run: await door.perform(showRun, { id: runId }) }]);
  } else if (created) {
    const next = servers === 0 ? "it waits for a server" : "a server of this workspace begins it";
    writeLines(io.stdout, [`run ${runId} is recorded; ${next}; follow it: mahavishnu runs watch ${runId}${where}`]);
  }
  return exitCodes.success;
}
