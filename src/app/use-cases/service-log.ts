import { MahavishnuError } from "../../lib/errors.ts";
import { runIdLength } from "../../lib/ids.ts";
import {
  type LogLineChoice,
  logLineCursor,
  type LogLinePage,
  readLogLines,
} from "../../telemetry/logs/read-log-lines.ts";
import { resolveRunId } from "../find-run.ts";
import { defineUseCase } from "../use-case.ts";

/** Which lines of the service's log. A run may be named by the beginning of its id. */
export type ReadServiceLogInput = LogLineChoice;

/** `runs logs --service`: what the processes of this workspace have told of themselves, the newest first. */
export const readServiceLog = defineUseCase<ReadServiceLogInput, LogLinePage>({
  name: "readServiceLog",
  permission: "telemetry:read",
  writes: false,
  resource: () => ({ name: "service log" }),
  run: async (context, { runId, ...choice }) => {
    refuseCursor(choice.cursor);
    refuseCursor(choice.after);
    const { stateFolder } = context.loaded.paths;
    if (runId === undefined) return await readLogLines(stateFolder, choice);
    // The log may know a run that a purge has taken: a whole id is not looked up.
    const whole = runId.length === runIdLength ? runId.toLowerCase() : await resolveRunId(context, runId);
    return await readLogLines(stateFolder, { ...choice, runId: whole });
  },
});

function refuseCursor(cursor: string | undefined): void {
  if (cursor === undefined || logLineCursor.test(cursor)) return;
  throw new MahavishnuError("USAGE", `"${cursor}" is no cursor`, { fix: "Use the nextCursor of the page before." });
}
