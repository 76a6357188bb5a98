import { appendFileSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { identifyProcess } from "../lib/process-identity.ts";
import { attemptFileBase, markOf } from "./attempt-names.ts";
import { endLeftovers } from "./end-processes.ts";
import type { ProcessRecord, TargetState } from "./state.ts";

/** An attempt of a step that uses an action. */
export interface ActionAttempt {
  readonly runId: string;
  readonly runFolder: string;
  readonly target: TargetState;
  readonly stepId: string;
  readonly number: number;
}

/**
 * Notes a process that an action has started as the first of a group, in a file of the run: the journal knows none of an action.
 * On Linux the mark in the environment would tell most of them; elsewhere nothing else does, so that there a process which was
 * started in the instant before a kill goes on unknown.
 */
export function noteProcess(attempt: ActionAttempt, pid: number): void {
  const identity = identifyProcess(pid);
  if (identity === null) return;
  const file = notesOf(attempt);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  appendFileSync(file, `${JSON.stringify(identity)}\n`, { mode: 0o600 });
}

/** Forgets the processes of an action that has ended by itself. */
export function forgetProcesses(attempt: ActionAttempt): void {
  rmSync(notesOf(attempt), { force: true });
}

/**
 * Ends all processes that an action has started and left: noted ones with their groups, and those that carry the attempt's mark.
 *
 * @returns pids that could not be ended; empty when all are gone.
 */
export async function endActionProcesses(attempt: ActionAttempt, graceMs: number): Promise<number[]> {
  const { runId, target, stepId, number } = attempt;
  const survivors = await endLeftovers(readNotes(attempt), markOf(runId, target, stepId, number), graceMs);
  if (survivors.length === 0) forgetProcesses(attempt);
  return survivors;
}

function notesOf({ runFolder, target, stepId, number }: ActionAttempt): string {
  return join(runFolder, `${attemptFileBase(target, stepId, number)}.pids`);
}

function readNotes(attempt: ActionAttempt): ProcessRecord[] {
  let text: string;
  try {
    text = readFileSync(notesOf(attempt), "utf8");
  } catch {
    return [];
  }
  return text.split("\n").flatMap((line) => {
    try {
      const { pid, startTime, bootId } = JSON.parse(line) as ProcessRecord;
      return Number.isSafeInteger(pid) && pid > 1 ? [{ pid, startTime, bootId }] : [];
    } catch {
      // A kill or a loss of power has cut it off.
      return [];
    }
  });
}
