import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess } from "../lib/process-identity.ts";
import type { ProcessRecord } from "./state.ts";

const firstPollMs = 5;
const longestPollMs = 100;
/** How long the kernel may take to remove a killed group before it is told as a survivor. */
const killPatienceMs = 5_000;

/** Which processes belong to an attempt. */
export interface ProcessGroup {
  /** The group's id, which is the pid of its first process. */
  readonly id: number;
  /** Carried by every process of the attempt in its environment, also by one that left the group. */
  readonly idempotencyKey: string;
}

/**
 * Ends a whole process tree: TERM to the group and to processes that left it, then KILL to what is left after `graceMs`, or as
 * soon as `hurry` is aborted. Resolves when none is left.
 *
 * @returns pids that could not be ended; empty when all are gone.
 */
export async function endProcessGroup(group: ProcessGroup, graceMs: number, hurry?: AbortSignal): Promise<number[]> {
  if (graceMs > 0 && hurry?.aborted !== true) {
    signalAll(group, "SIGTERM");
    if (await goneWithin(group, graceMs, hurry)) return [];
  }
  const deadline = Date.now() + killPatienceMs;
  while (Date.now() < deadline) {
    signalAll(group, "SIGKILL");
    if (await goneWithin(group, 2 * longestPollMs)) return [];
  }
  return survivorsOf(group);
}

/** Sends a signal to the group and to its processes that left it. */
function signalAll(group: ProcessGroup, signal: NodeJS.Signals): void {
  sendSignal(-group.id, signal);
  for (const pid of findStrays(group)) sendSignal(pid, signal);
}

/** Polls ever less often: looking through all processes costs milliseconds. */
async function goneWithin(group: ProcessGroup, ms: number, hurry?: AbortSignal): Promise<boolean> {
  const deadline = Date.now() + ms;
  for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, longestPollMs)) {
    if (survivorsOf(group).length === 0) return true;
    if (Date.now() >= deadline || hurry?.aborted === true) return false;
    await delay(pollMs);
  }
}

/** Whether anything of the group is left besides zombies. Costs one system call when the group is gone. */
export function hasSurvivors(group: ProcessGroup): boolean {
  return groupExists(group.id) && survivorsOf(group).length > 0;
}

/** Living processes of the group, and those of the same attempt that left it. */
export function survivorsOf(group: ProcessGroup): number[] {
  return [...new Set([...membersOf(group.id), ...findStrays(group)])];
}

/**
 * Ends what a dead owner left running. A pid may have been given to another process since, so the group counts as the attempt's
 * only if its first process is the recorded one, or is gone while a member still carries the attempt's key.
 */
export async function endLeftovers(record: ProcessRecord, idempotencyKey: string, graceMs: number): Promise<number[]> {
  const now = identifyProcess(record.pid);
  if (now !== null && now.bootId !== record.bootId) return [];
  const group = { id: record.pid, idempotencyKey };
  const isOurs =
    now === null
      ? survivorsOf(group).some((pid) => carriesKey(pid, idempotencyKey))
      : now.startTime === record.startTime;
  if (isOurs) return await endProcessGroup(group, graceMs);
  const strays = findStrays(group);
  for (const pid of strays) sendSignal(pid, "SIGKILL");
  return [];
}

/** Members of a group that are no zombies; where there is no /proc, the group's id stands for all of them. */
function membersOf(id: number): number[] {
  if (!groupExists(id)) return [];
  if (process.platform !== "linux") return [id];
  return listProcesses()
    .filter((member) => member.group === id && !member.zombie)
    .map((member) => member.pid);
}

function groupExists(id: number): boolean {
  return sendSignal(-id, 0);
}

function sendSignal(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    // EPERM: it exists and belongs to somebody else, who must have changed user on purpose.
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

interface ListedProcess {
  readonly pid: number;
  readonly group: number;
  readonly zombie: boolean;
}

function listProcesses(): ListedProcess[] {
  return readPids().flatMap((pid) => {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
      const [state, , group] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
      return [{ pid, group: Number(group), zombie: state === "Z" }];
    } catch {
      return [];
    }
  });
}

function findStrays(group: ProcessGroup): number[] {
  return readPids().filter((pid) => pid !== process.pid && carriesKey(pid, group.idempotencyKey));
}

function carriesKey(pid: number, key: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, "latin1").split("\0").includes(`MAHAVISHNU_IDEMPOTENCY_KEY=${key}`);
  } catch {
    return false;
  }
}

function readPids(): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}
