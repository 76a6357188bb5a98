import * as z from "zod";
import type { AppContext } from "../../app/app-context.ts";
import { perform } from "../../app/perform.ts";
import * as shapes from "../../app/shapes/runs.ts";
import {
  cancelRun,
  followRun,
  followRunLogs,
  listInterruptedRuns,
  listRuns,
  readRunEvents,
  readRunLogs,
  resumeRun,
  retryRun,
  showRun,
} from "../../app/use-cases/runs.ts";
import { execCommand, type StartedRun, startRun } from "../../app/use-cases/start-run.ts";
import { type Operation, operation, stream } from "./operation.ts";

const tag = "runs";
const atRun = ({ runId }: { readonly runId: string }): string => `/v1/runs/${runId}`;
/** Who decided by what they saw of a run may say so. */
const seen = async (context: AppContext, { id }: { readonly id: string }): Promise<unknown> =>
  await perform(context, showRun, { id });
const acted = ({ runId }: { readonly runId: string }) => ({ runId });
const started = ({ runId, created, servers }: StartedRun) => ({ runId, created, servers });

/** Runs: looked at, begun, ended. */
export const runOperations: readonly Operation[] = [
  operation(tag, {
    useCase: listRuns,
    method: "GET",
    path: "/v1/runs",
    summary: "Lists runs, the newest first",
    input: shapes.listRunsInput,
    output: shapes.runPage,
  }),
  operation(tag, {
    useCase: startRun,
    method: "POST",
    path: "/v1/runs",
    summary: "Starts a run of a workflow",
    input: shapes.startRunInput,
    output: shapes.startedRun,
    status: 202,
    location: atRun,
    tell: started,
  }),
  operation(tag, {
    useCase: execCommand,
    method: "POST",
    path: "/v1/commands",
    summary: "Starts a run of an ad hoc command",
    input: shapes.execInput,
    output: shapes.startedRun,
    status: 202,
    location: atRun,
    tell: started,
  }),
  operation(tag, {
    useCase: listInterruptedRuns,
    method: "GET",
    path: "/v1/interrupted-runs",
    summary: "Lists the ids of runs that wait for somebody to take them over",
    input: z.strictObject({}),
    output: shapes.interruptedRuns,
  }),
  operation(tag, {
    useCase: showRun,
    method: "GET",
    path: "/v1/runs/{id}",
    summary: "Shows a run with its targets, steps and attempts",
    input: shapes.oneRunInput,
    output: shapes.run,
  }),
  operation(tag, {
    useCase: readRunEvents,
    method: "GET",
    path: "/v1/runs/{id}/events",
    summary: "Reads a run's history",
    input: shapes.readRunEventsInput,
    output: shapes.eventPage,
  }),
  stream(tag, {
    useCase: followRun,
    path: "/v1/runs/{id}/events/stream",
    summary: "Follows a run's history as it becomes durable, to the run's end",
    input: shapes.oneRunInput.extend({ afterRunSeq: shapes.count.optional() }),
    output: z.union([shapes.event, shapes.run]),
    events: { event: shapes.event, run: shapes.run },
    frame: (item) =>
      item.type === "event"
        ? { event: "event", id: String(item.event.runSeq), data: item.event }
        : { event: "run", data: item.run },
    eventId: shapes.runSeqText,
    resume: (id) => ({ afterRunSeq: Number(id) }),
  }),
  operation(tag, {
    useCase: readRunLogs,
    method: "GET",
    path: "/v1/runs/{id}/logs",
    summary: "Reads what a run's steps have printed",
    input: shapes.readRunLogsInput,
    output: shapes.logPage,
  }),
  stream(tag, {
    useCase: followRunLogs,
    path: "/v1/runs/{id}/logs/stream",
    summary: "Follows what a run's steps print, to the run's end",
    input: shapes.readRunLogsInput,
    output: shapes.logPiece,
    events: { log: shapes.logPiece },
    frame: (piece) => ({ event: "log", id: piece.cursor, data: piece }),
    eventId: shapes.logCursor,
    resume: (cursor) => ({ cursor }),
  }),
  operation(tag, {
    useCase: cancelRun,
    method: "POST",
    path: "/v1/runs/{id}/cancel",
    summary: "Ends a run",
    input: shapes.cancelRunInput,
    output: shapes.actedRun,
    status: 202,
    location: atRun,
    tell: acted,
    seen,
  }),
  operation(tag, {
    useCase: resumeRun,
    method: "POST",
    path: "/v1/runs/{id}/resume",
    summary: "Takes over a run whose process is gone",
    input: shapes.oneRunInput,
    output: shapes.actedRun,
    status: 202,
    location: atRun,
    tell: acted,
    seen,
  }),
  operation(tag, {
    useCase: retryRun,
    method: "POST",
    path: "/v1/runs/{id}/retry",
    summary: "Does again what did not succeed",
    input: shapes.retryRunInput,
    output: shapes.actedRun,
    status: 202,
    location: atRun,
    tell: acted,
    seen,
  }),
];
