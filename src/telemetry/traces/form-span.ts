import { parseTraceparent, traceOfRun } from "../../lib/trace-context.ts";
import type { EndedSpan, SpanAttributes } from "./span.ts";
import { attemptSpanId, jobSpanId, newSpanId, runSpanId, stepSpanId, targetSpanId } from "./span-ids.ts";
import type { CallNote, PartNote, SpanNote } from "./span-note.ts";

/** A reason is told in full in the history of the run. */
const longestReason = 1_000;

/** The span of what has ended; null for a call that belongs to a run which is not traced. */
export function formSpan(note: SpanNote, ratio: number): EndedSpan | null {
  const { traceId, sampled } = traceOfRun(note.runId, note.traceparent, ratio);
  if (!sampled) return null;
  return isCall(note) ? formCall(note, traceId) : formPart(note, traceId);
}

function isCall(note: SpanNote): note is CallNote {
  return note.part === "git" || note.part === "store";
}

function formPart(note: PartNote, traceId: string): EndedSpan {
  const { outcome, start, end } = note;
  const reason = note.reason.length > longestReason ? `${note.reason.slice(0, longestReason)}…` : note.reason;
  return {
    traceId,
    ...placePart(note),
    start,
    end,
    error: badOutcomes.has(outcome) ? reason : null,
    attributes: {
      "mahavishnu.run.id": note.runId,
      "mahavishnu.workflow": note.workflow,
      "mahavishnu.revision": note.revision,
      "mahavishnu.actor": note.actor,
      "mahavishnu.job": note.job,
      "mahavishnu.target": note.target,
      "mahavishnu.repository": note.repository,
      "mahavishnu.step": note.step,
      "mahavishnu.attempt": note.attempt,
      "mahavishnu.outcome": outcome,
      "mahavishnu.reason": reason,
      "vcs.repository.name": note.repository,
      "vcs.ref.head.name": note.branch,
      "process.exit.code": note.exitCode,
      "error.type": note.failure,
      ...conventionOf(note),
    },
    ...(note.startedAt === undefined ? {} : { events: [{ name: "run.started", time: note.startedAt }] }),
  };
}

type Place = Pick<EndedSpan, "name" | "kind" | "spanId" | "parentId" | "isParentRemote">;

/** Which span it is, and under which. */
function placePart({ part, runId, traceparent, runRound, workflow, ...note }: PartNote): Place {
  const { job = "", target = "", round = 1, step = "", attempt = 1 } = note;
  const internal = { kind: "internal" } as const;
  if (part === "run") {
    const asker = traceparent === undefined ? null : parseTraceparent(traceparent);
    const place = { name: `run ${workflow}`, kind: "server", spanId: runSpanId(runId, runRound) } as const;
    // A later round belongs to the first one: a trace has one root.
    if (runRound > 1) return { ...place, parentId: runSpanId(runId, 1) };
    return asker === null ? { ...place, parentId: null } : { ...place, parentId: asker.spanId, isParentRemote: true };
  }
  if (part === "job") {
    const parentId = runSpanId(runId, runRound);
    return { ...internal, name: `job ${job}`, spanId: jobSpanId(runId, runRound, job), parentId };
  }
  if (part === "target") {
    const parentId = jobSpanId(runId, runRound, job);
    return { ...internal, name: `target ${target}`, spanId: targetSpanId(runId, target, round), parentId };
  }
  if (part === "step") {
    const parentId = targetSpanId(runId, target, round);
    return { ...internal, name: `step ${step}`, spanId: stepSpanId(runId, target, round, step), parentId };
  }
  const parentId = stepSpanId(runId, target, round, step);
  return { ...internal, name: `attempt ${attempt}`, spanId: attemptSpanId(runId, target, step, attempt), parentId };
}

function formCall(note: CallNote, traceId: string): EndedSpan {
  const { part, runId, runRound, verb, folder, start, end, error = null, target, round = 1, step, attempt } = note;
  let parentId = runSpanId(runId, runRound);
  if (target !== undefined) {
    const isAttempt = step !== undefined && attempt !== undefined;
    parentId = isAttempt ? attemptSpanId(runId, target, step, attempt) : targetSpanId(runId, target, round);
  }
  const about: SpanAttributes =
    part === "git"
      ? { "mahavishnu.git.verb": verb, "process.executable.name": "git", "process.working_directory": folder }
      : { "db.system.name": "sqlite", "db.operation.name": verb };
  return {
    traceId,
    spanId: newSpanId(),
    parentId,
    name: `${part} ${verb}`,
    kind: part === "git" ? "internal" : "client",
    start,
    end,
    error,
    attributes: { "mahavishnu.run.id": runId, ...about },
  };
}

/** Whoever cancels gets what he wants: that is no error. */
const badOutcomes: ReadonlySet<string> = new Set(["failed", "partial", "interrupted"]);

/** What the semantic conventions of OpenTelemetry call a part of a pipeline, and how it ended. */
function conventionOf({ part, workflow, runId, job, target, step, outcome }: PartNote): SpanAttributes {
  if (part === "attempt") return {};
  const result = results.get(outcome) ?? "error";
  if (part === "run") {
    return { "cicd.pipeline.name": workflow, "cicd.pipeline.run.id": runId, "cicd.pipeline.result": result };
  }
  return { "cicd.pipeline.task.name": step ?? target ?? job, "cicd.pipeline.task.run.result": result };
}

const results: ReadonlyMap<string, string> = new Map([
  ["succeeded", "success"],
  ["skipped", "skip"],
  ["cancelled", "cancellation"],
  ["failed", "failure"],
  ["partial", "failure"],
]);
