import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What tells one process from any other, also from a later one with the same pid and from one before a restart of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The kernel's start time, in its own unit. */
  readonly startTime: string;
  readonly bootId: string;
}

/** The identity of a living process, or null when there is none with that pid. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const startTime = readStartTime(pid);
  return startTime === null ? null : { pid, startTime, bootId: bootId() };
}

/** Whether exactly this process still lives. A zombie does not. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identity.bootId === bootId() && readStartTime(identity.pid) === identity.startTime;
}

const platform = process.platform;
let knownBootId: string | undefined;

/** A name for the time since the machine was started. */
export function bootId(): string {
  knownBootId ??=
    platform === "linux"
      ? readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()
      : execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
  return knownBootId;
}

function readStartTime(pid: number): string | null {
  return platform === "linux" ? readProcStartTime(pid) : readPsStartTime(pid);
}

/** Field 22 of /proc/PID/stat, see proc_pid_stat(5). The command's name may hold spaces and brackets, so fields count from the last one. */
function readProcStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 20);
    return fields[0] === "Z" ? null : (fields[19] ?? null);
  } catch {
    return null;
  }
}

function readPsStartTime(pid: number): string | null {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return line === "" || line.startsWith("Z") ? null : line.replace(/^\S+\s+/, "");
  } catch {
    return null;
  }
}
