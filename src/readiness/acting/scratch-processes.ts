import { execFile } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import type { Scratch } from "../scratch.ts";

/** A process that was started, by whomever, below a check. */
export interface ScratchProcess {
  readonly pid: number;
  /** Its words, shortened. */
  readonly command: string;
}

/** How long a killed process may take to disappear. */
const patienceMs = 2_000;

/**
 * Processes that a check's commands have started, directly or through others, and that still run: all of them have inherited
 * the temporary folder of the check, also those that left their process group.
 */
export async function listScratchProcesses({ folder }: Pick<Scratch, "folder">): Promise<readonly ScratchProcess[]> {
  const marker = `TMPDIR=${folder}/`;
  const found = process.platform === "linux" ? await searchProc(marker) : await searchPs(marker);
  return found.filter(({ pid }) => pid !== process.pid);
}

/**
 * Ends what a check has left running.
 *
 * @returns what was ended.
 */
export async function endScratchProcesses(scratch: Pick<Scratch, "folder">): Promise<readonly ScratchProcess[]> {
  const first = await listScratchProcesses(scratch);
  const deadline = performance.now() + patienceMs;
  for (let left = first; left.length > 0 && performance.now() < deadline; left = await listScratchProcesses(scratch)) {
    for (const { pid } of left) endProcess(pid);
    await delay(20);
  }
  return first;
}

function endProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended meanwhile.
  }
}

async function searchProc(marker: string): Promise<ScratchProcess[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const found = await Promise.all(
    pids.map(async (pid): Promise<ScratchProcess | undefined> => {
      try {
        // A zombie has no environment any more, and so is not found.
        const environment = await readFile(`/proc/${pid}/environ`, "latin1");
        if (!environment.split("\0").some((entry) => entry.startsWith(marker))) return undefined;
        const words = await readFile(`/proc/${pid}/cmdline`, "utf8");
        return { pid: Number(pid), command: words.replaceAll("\0", " ").trim().slice(0, 100) };
      } catch {
        // It has ended meanwhile, or is another user's.
        return undefined;
      }
    }),
  );
  return found.filter((entry) => entry !== undefined);
}

/** Where there is no /proc, `ps` shows the environment of one's own processes after their words. */
async function searchPs(marker: string): Promise<ScratchProcess[]> {
  const { stdout } = await promisify(execFile)("ps", ["-axeww", "-o", "pid=,command="], {
    maxBuffer: 64 * 1024 * 1024,
  });
  return stdout.split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(.*)$/.exec(line);
    if (match?.[2] === undefined || !match[2].includes(` ${marker}`)) return [];
    return [{ pid: Number(match[1]), command: match[2].slice(0, 100) }];
  });
}
