import { type ActedRun, resumeRun } from "../app/use-cases/runs.ts";
import { MahavishnuError } from "../lib/errors.ts";
import type { CommandIo } from "./command-io.ts";
import type { Door } from "./door.ts";
import { type ExitCode, exitCodes } from "./exit-codes.ts";
import { reportError } from "./report-error.ts";
import { formatSeconds } from "./terminal/run-words.ts";

/** A run that could not be resumed. */
export interface FailedResume {
  readonly id: string;
  readonly error: unknown;
}

/** What became of the runs that were to be resumed. */
export interface ResumedRuns {
  readonly begun: readonly ActedRun[];
  readonly failures: readonly FailedResume[];
}

/** How often runs whose lease has not ended are tried again. */
const pollMs = 100;
/** They are waited for as long as this many leases take: one and a little more. */
const leases = 2;

/**
 * Resumes runs, each by itself: one that cannot be resumed stops no other. Leases of dead owners are waited for once all others are
 * going on; a living owner keeps its run.
 */
export async function resumeRuns(door: Door, ids: readonly string[], io: CommandIo): Promise<ResumedRuns> {
  // A server waits for nobody: it takes over what it can by itself.
  const deadline = Date.now() + leases * (door.local?.loaded.config.limits.lease ?? 0);
  const stop = io.interrupts.signal;
  const begun: ActedRun[] = [];
  const failures: FailedResume[] = [];
  let isTold = false;
  for (let waiting = ids; waiting.length > 0;) {
    const owned: string[] = [];
    for (const id of waiting) {
      try {
        begun.push(await door.perform(resumeRun, { id }));
      } catch (error) {
        if (isOwned(error) && Date.now() <= deadline && !stop.aborted) owned.push(id);
        else failures.push({ id, error });
      }
    }
    waiting = owned;
    if (waiting.length > 0 && !isTold) tellWaiting(io, waiting, deadline - Date.now());
    isTold ||= waiting.length > 0;
    if (waiting.length > 0) await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  return { begun, failures };
}

function tellWaiting(io: CommandIo, ids: readonly string[], ms: number): void {
  const [first = "", ...more] = ids;
  const others = more.length === 0 ? "" : ` and ${more.length} more`;
  const most = formatSeconds(Math.max(1_000, Math.ceil(ms / 1_000) * 1_000));
  io.stderr.write(`run ${first}${others}: its owner may live; waiting for its lease to end, at most ${most}\n`);
}

function isOwned(error: unknown): boolean {
  return error instanceof MahavishnuError && error.code === "RUN_OWNED";
}

/** More are one cause that every run has. */
const told = 20;

/** Says which runs could not be resumed and why, and gives the exit code of that: 70 when the tool itself failed, else 1. */
export function tellFailures(io: CommandIo, failures: readonly FailedResume[], verbose: boolean): ExitCode {
  const reports = failures.map(({ id, error }) => ({ id, ...reportError(error, verbose) }));
  for (const { id, text } of reports.slice(0, told)) {
    io.stderr.write(`run ${id} was not resumed: ${text.replace(/^mahavishnu: /, "")}`);
  }
  if (reports.length > told) io.stderr.write(`... and ${reports.length - told} more were not resumed\n`);
  return reports.some(({ exitCode }) => exitCode === exitCodes.internal) ? exitCodes.internal : exitCodes.failure;
}
