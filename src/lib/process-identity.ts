import { execFileSync } from "node:child_process";
import { readFileSync, readlinkSync } from "node:fs";

/** What tells one process from any other, also from a later one with the same pid and from one before a restart of the machine. */
export interface ProcessIdentity {
  readonly pid: number;
  /** The kernel's start time, in its own unit. */
  readonly startTime: string;
  /** Where the pid means this process; see `bootId`. */
  readonly bootId: string;
}

/** The identity of a living process, or null when there is none with that pid. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  const startTime = readStartTime(pid);
  return startTime === null ? null : { pid, startTime, bootId: bootId() };
}

/**
 * Whether exactly this process still lives. A zombie does not. One that cannot be looked at from here (see `isHere`) is not known to
 * be dead and counts as alive: whoever asks needs another sign of it, such as a lease.
 */
export function isAlive(identity: ProcessIdentity): boolean {
  if (!isHere(identity)) return !isFromEarlierBoot(identity);
  return readStartTime(identity.pid) === identity.startTime;
}

/** Whether the pid names the process here. In another container of the machine, which has pids of its own, it does not. */
export function isHere(identity: Pick<ProcessIdentity, "bootId">): boolean {
  return identity.bootId === bootId();
}

/** Whether the machine was started anew since: then the process is gone, wherever it was. */
export function isFromEarlierBoot(identity: Pick<ProcessIdentity, "bootId">): boolean {
  return nameOfBoot(identity.bootId) !== nameOfBoot(bootId());
}

function nameOfBoot(id: string): string {
  return id.split("/", 1)[0] ?? id;
}

const platform = process.platform;
let knownBootId: string | undefined;

/**
 * A name for the time since the machine was started; on Linux, where containers have pids of their own, also for the namespace of
 * the pids: `BOOT/pid:[4026531836]`, see pid_namespaces(7).
 */
export function bootId(): string {
  knownBootId ??=
    platform === "linux"
      ? `${readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim()}/${nameOfNamespace()}`
      : execFileSync("sysctl", ["-n", "kern.bootsessionuuid"], { encoding: "utf8" }).trim();
  return knownBootId;
}

/** Empty where the kernel has no namespaces: then all share one. */
function nameOfNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return "";
  }
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

/** Where there is no /proc. The same in every process: as it is, the text would depend on the time zone and the language. */
export function readPsStartTime(pid: number): string | null {
  try {
    const env = { ...process.env, LC_ALL: "C", TZ: "UTC" };
    const line = execFileSync("ps", ["-o", "stat=,lstart=", "-p", String(pid)], { encoding: "utf8", env }).trim();
    return line === "" || line.startsWith("Z") ? null : line.replace(/^\S+\s+/, "");
  } catch {
    return null;
  }
}
