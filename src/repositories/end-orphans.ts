import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** A killed process is gone within milliseconds, unless its disk does not answer. */
const patienceMs = 5_000;
const pollMs = 10;

/**
 * Ends each `git worktree add` of a folder, or of one below it, that has outlived the process that started it: it would go on writing files
 * into a worktree that is being made anew. This product starts git in a process group of its own, so the whole group is ended.
 */
export async function endOrphans(folder: string): Promise<void> {
  const deadline = Date.now() + patienceMs;
  for (let pids = findAdding(folder); pids.length > 0 && Date.now() < deadline; pids = findAdding(folder)) {
    for (const pid of pids) killGroup(pid);
    await delay(pollMs);
  }
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended by itself, or it leads no group: then it is not one of ours.
  }
}

/** Pids of git processes that add a worktree in this folder or below it. */
function findAdding(folder: string): number[] {
  const all = existsSync("/proc/self/cmdline") ? listFromProc() : listFromPs();
  return all.filter(({ words }) => isAdding(words, folder)).map(({ pid }) => pid);
}

interface ProcessWords {
  readonly pid: number;
  /** A list where the system keeps it, else one text. */
  readonly words: readonly string[] | string;
}

function isAdding(words: readonly string[] | string, folder: string): boolean {
  if (typeof words === "string") {
    return [" ", "/"].some((after) => words.includes(` worktree add --detach ${folder}${after}`));
  }
  const at = words.indexOf("worktree");
  return at !== -1 && words[at + 1] === "add" && words.some((word) => word === folder || word.startsWith(`${folder}/`));
}

function listFromProc(): ProcessWords[] {
  return readdirSync("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      return [{ pid: Number(name), words: readFileSync(`/proc/${name}/cmdline`, "utf8").split("\0") }];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

function listFromPs(): ProcessWords[] {
  const text = execFileSync("ps", ["-A", "-o", "pid=,command="], { encoding: "utf8" });
  return text.split("\n").flatMap((line) => {
    const match = /^\s*(\d+) (.*)$/.exec(line);
    return match === null ? [] : [{ pid: Number(match[1]), words: match[2] ?? "" }];
  });
}
