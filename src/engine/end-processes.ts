import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess, isFromEarlierBoot, isHere } from "../lib/process-identity.ts";
import type { AttemptMark } from "./attempt-names.ts";
import type { Ending } from "./ending.ts";
import type { ProcessRecord } from "./state.ts";

const firstPollMs = 5;
const longestPollMs = 100;
/** How long the kernel may take to remove a killed group before it is told as a survivor. */
const killPatienceMs = 5_000;

/** Which processes belong to an attempt. */
export interface ProcessGroup {
  /** The group's id, which is the pid of its first process; null when that number belongs to others now. */
  readonly id: number | null;
  /** Tells processes that left the group; only Linux shows it. */
  readonly mark: AttemptMark;
}

/**
 * Ends a whole process tree: TERM to the group and to processes that left it, then KILL to what is left after `graceMs`, or as
 * soon as `hurry` ends. Resolves when none is left.
 *
 * @returns pids that could not be ended; empty when all are gone.
 */
export async function endProcessGroup(group: ProcessGroup, graceMs: number, hurry?: Ending): Promise<number[]> {
  const isHurried = (): boolean => (hurry?.why ?? null) !== null;
  if (graceMs > 0 && !isHurried()) {
    signalAll(group, "SIGTERM");
    if (await goneWithin(group, graceMs, isHurried)) return [];
  }
  const deadline = Date.now() + killPatienceMs;
  while (Date.now() < deadline) {
    signalAll(group, "SIGKILL");
    if (await goneWithin(group, 2 * longestPollMs, () => false)) return [];
  }
  return survivorsOf(group);
}

/** Sends a signal to the group and to its processes that left it. */
function signalAll(group: ProcessGroup, signal: NodeJS.Signals): void {
  if (group.id !== null) sendSignal(-group.id, signal);
  for (const pid of survivorsOf(group)) sendSignal(pid, signal);
}

/** Polls ever less often: looking through all processes costs milliseconds. */
async function goneWithin(group: ProcessGroup, ms: number, isHurried: () => boolean): Promise<boolean> {
  const deadline = Date.now() + ms;
  for (let pollMs = firstPollMs; ; pollMs = Math.min(2 * pollMs, longestPollMs)) {
    if (survivorsOf(group).length === 0) return true;
    if (Date.now() >= deadline || isHurried()) return false;
    await delay(pollMs);
  }
}

/** Living processes of the group, and those of the same attempt that left it. */
export function survivorsOf({ id, mark }: ProcessGroup): number[] {
  if (process.platform !== "linux") return id !== null && groupExists(id) ? [id] : [];
  return listPids().filter(
    (pid) => pid !== process.pid && ((id !== null && isMember(pid, id)) || carriesMark(pid, mark)),
  );
}

/**
 * Ends what an owner that is gone left running of an attempt: the groups that were recorded, and whatever carries its mark.
 *
 * @param records First processes of the attempt's groups; none when nobody wrote them down.
 * @returns pids that could not be ended; empty when all are gone.
 */
export async function endLeftovers(
  records: readonly ProcessRecord[],
  mark: AttemptMark,
  graceMs: number,
): Promise<number[]> {
  const recent = records.filter((record) => !isFromEarlierBoot(record));
  if (records.length > 0 && recent.length === 0) return [];
  const groups = recent.filter((record) => isOurs(record, mark)).map(({ pid }) => pid);
  const ending = (groups.length === 0 ? [null] : groups).map((id) => endProcessGroup({ id, mark }, graceMs));
  return [...new Set((await Promise.all(ending)).flat())];
}

/**
 * A pid may have been given to another process since, so a group counts as the attempt's only if its first process is the
 * recorded one, or is gone while a member still carries the attempt's mark.
 */
function isOurs({ pid, startTime, bootId }: ProcessRecord, mark: AttemptMark): boolean {
  // The pid is one of another container: here it names a stranger.
  if (!isHere({ bootId })) return false;
  const first = identifyProcess(pid);
  if (first !== null) return first.startTime === startTime;
  return groupExists(pid) && listMembers(pid).some((member) => carriesMark(member, mark));
}

function groupExists(id: number): boolean {
  return sendSignal(-id, 0);
}

/** Members of a group that are no zombies; where there is no /proc, the group's id stands for all of them. */
function listMembers(id: number): number[] {
  return process.platform === "linux" ? listPids().filter((pid) => isMember(pid, id)) : [id];
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

/** See proc_pid_stat(5): the state and the group are the fields 3 and 5; the command before them may hold spaces and brackets. */
function isMember(pid: number, group: number): boolean {
  const stat = readProc(pid, "stat");
  const [state, , itsGroup] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
  return Number(itsGroup) === group && state !== "Z";
}

function carriesMark(pid: number, { idempotencyKey, outputsFile }: AttemptMark): boolean {
  const environment = readProc(pid, "environ");
  if (!environment.includes(idempotencyKey)) return false;
  const entries = environment.split("\0");
  return (
    entries.includes(`MAHAVISHNU_IDEMPOTENCY_KEY=${idempotencyKey}`) &&
    entries.some((entry) => entry.startsWith("MAHAVISHNU_OUTPUT=") && entry.endsWith(`/${outputsFile}`))
  );
}

/** Empty when the process is gone, or is none of ours to look at. */
function readProc(pid: number, file: "stat" | "environ"): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "latin1");
  } catch {
    return "";
  }
}

function listPids(): number[] {
  return readdirSync("/proc").map(Number).filter(Number.isInteger);
}
