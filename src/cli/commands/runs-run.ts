import { cancelRun, listInterruptedRuns, retryRun, showRun } from "../../app/use-cases/runs.ts";
import { collectRuns } from "../collect-runs.ts";
import { type CommandIo, writeJson, writeLines, writeNdjson } from "../command-io.ts";
import type {
  OneRunOptions,
  RunsCancelOptions,
  RunsListOptions,
  RunsLogsOptions,
  RunsResumeOptions,
  RunsRetryOptions,
} from "../command-options.ts";
import { openDoor } from "../open-door.ts";
import { followRuns, readRunState, watchRun } from "../follow-run.ts";
import { printLogs } from "../print-logs.ts";
import { type FailedResume, resumeRuns, tellFailures } from "../resume-runs.ts";
import { renderRun, renderRunList } from "../terminal/runs-view.ts";
import { whereWords } from "../where-words.ts";

/** `mahavishnu runs list`. */
export async function runRunsList(options: RunsListOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const page = await collectRuns(door, options);
  if (options.format === "json") writeJson(io.stdout, page);
  else if (options.format === "ndjson") writeNdjson(io.stdout, page.items);
  else {
    writeLines(io.stdout, renderRunList(page.items, Date.now(), io.stdout));
    if (page.nextCursor !== null) io.stderr.write(`there are older runs: add --cursor ${page.nextCursor}\n`);
  }
  return 0;
}

/** `mahavishnu runs show ID`. */
export async function runRunsShow(options: OneRunOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const view = await door.perform(showRun, { id: options.id });
  if (options.format === "json") writeJson(io.stdout, view);
  else {
    const state = await readRunState(door, view.id);
    const facts = { now: Date.now(), shortId: view.shortId, where: whereWords(options, io.cwd) };
    writeLines(io.stdout, renderRun(state, view, facts, io.stdout));
  }
  return 0;
}

/** `mahavishnu runs logs ID`, and `mahavishnu runs logs --service`. */
export async function runRunsLogs(options: RunsLogsOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  if (options.service !== true) return await printLogs(door, io, options);
  const { printServiceLog } = await import("../print-service-log.ts");
  return await printServiceLog(door, io, options);
}

/** `mahavishnu runs watch ID`. */
export async function runRunsWatch(options: OneRunOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  return await watchRun({ door, io, options }, options.id);
}

/** `mahavishnu runs cancel ID`. */
export async function runRunsCancel(options: RunsCancelOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { id, reason = "cancelled by hand", atOnce = false } = options;
  let runId = id;
  const code = await followRuns({ door, io, options }, async () => {
    const acted = await door.perform(cancelRun, { id, reason, atOnce });
    ({ runId } = acted);
    return [acted];
  });
  // A cancelled run counts as a failure where it is followed; here being cancelled is what was asked for.
  const { state } = await door.perform(showRun, { id: runId });
  return state === "cancelled" ? 0 : code;
}

/** `mahavishnu runs resume [ID]`. */
export async function runRunsResume(options: RunsResumeOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const ids = options.id === undefined ? (await door.perform(listInterruptedRuns, {})).items : [options.id];
  if (ids.length === 0) {
    if (options.format === "json") writeJson(io.stdout, { items: [], nextCursor: null });
    else if (options.format === "text") writeLines(io.stdout, ["no run waits for this"]);
    return 0;
  }
  const failures: FailedResume[] = [];
  let begun = 0;
  const code = await followRuns({ door, io, options }, async () => {
    const resumed = await resumeRuns(door, ids, io);
    const [failure, ...others] = resumed.failures;
    if (failure !== undefined && others.length === 0 && resumed.begun.length === 0) throw failure.error;
    failures.push(...resumed.failures);
    begun = resumed.begun.length;
    return resumed.begun;
  });
  if (begun === 0 && options.format === "json") writeJson(io.stdout, { items: [], nextCursor: null });
  // At the end, where it is read: what is going on is drawn in place meanwhile.
  return failures.length === 0 ? code : tellFailures(io, failures, options.verbose);
}

/** `mahavishnu runs retry ID`. */
export async function runRunsRetry(options: RunsRetryOptions, io: CommandIo): Promise<number> {
  await using door = await openDoor(options, io);
  const { id, from, repo } = options;
  // A server begins at once, and what is done again may be over before anybody looks.
  const seen = door.local === null ? (await readRunState(door, id)).runSeq : undefined;
  return await followRuns({ door, io, options }, async () => {
    const acted = await door.perform(retryRun, {
      id,
      ...(from === undefined ? {} : { fromStep: from }),
      ...(repo === undefined ? {} : { repositories: repo }),
    });
    return [seen === undefined ? acted : { ...acted, seen }];
  });
}
