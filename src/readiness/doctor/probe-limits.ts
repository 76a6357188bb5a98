import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { count } from "../../lib/count.ts";
import { formatSize } from "../../lib/size.ts";
import { readMemory } from "../catalogue/limits/judge-memory.ts";
import { descriptorsNeeded } from "../catalogue/limits/open-descriptors.ts";
import { type Finding, fail, ok, type Probe, type Subject, warn } from "./finding.ts";

/** A step has its shell, what that starts, and a git beside it. */
const processesPerStep = 4;
const baseProcesses = 32;
/** A small build; steps that need more are the rule, but nobody can know. */
const bytesPerStep = 64 * 1024 ** 2;
const baseBytes = 256 * 1024 ** 2;

/** How many steps go on at once; as many as the configuration has by itself where there is none. */
function stepsOf({ loaded }: Subject): number {
  return loaded?.config.limits.maxConcurrentSteps ?? availableParallelism();
}

/** A line of `/proc/self/limits`: what holds for this process and its children. Null: no limit, or not told. */
async function readLimit(name: string): Promise<number | null> {
  const text = await readFile("/proc/self/limits", "utf8").catch(() => "");
  const line = text.split("\n").find((candidate) => candidate.startsWith(name));
  const soft = Number(line?.slice(name.length).trim().split(/\s+/)[0] ?? Number.NaN);
  return Number.isFinite(soft) ? soft : null;
}

/** A value of this process's cgroup (v2), the smallest of it and those above; null where there is none. */
async function readGroup(file: string): Promise<number | null> {
  const own = /^0::(\/.*)$/m.exec(await readFile("/proc/self/cgroup", "utf8").catch(() => ""))?.[1];
  if (own === undefined) return null;
  const values: number[] = [];
  const parts = own.split("/").filter((part) => part !== "");
  for (let length = parts.length; length >= 0; length -= 1) {
    const text = await readFile(join("/sys/fs/cgroup", ...parts.slice(0, length), file), "utf8").catch(() => "max");
    const [quota = "max", period = "1"] = text.trim().split(/\s+/);
    const value = Number(quota) / Number(period);
    if (Number.isFinite(value)) values.push(value);
  }
  return values.length === 0 ? null : Math.min(...values);
}

async function lookAtFiles(subject: Subject): Promise<Finding> {
  const steps = stepsOf(subject);
  const need = descriptorsNeeded({ maxConcurrentSteps: steps });
  const limit = await readLimit("Max open files");
  const figures = { limit, need };
  if (limit === null) return ok("open files are not limited", figures);
  if (limit >= need) return ok(`${limit} open files are allowed, ${need} may be needed`, figures);
  const remedy = {
    text: "Raise the limit (LimitNOFILE= of a systemd unit), or lower limits.maxConcurrentSteps.",
    command: `ulimit -n ${Math.max(1_024, 2 * need)}`,
  };
  return fail(
    `only ${limit} open files are allowed; ${count(steps, "step", "steps")} at once may need ${need}`,
    remedy,
    figures,
  );
}

async function lookAtProcesses(subject: Subject): Promise<Finding> {
  const need = baseProcesses + processesPerStep * stepsOf(subject);
  const limits = [await readLimit("Max processes"), await readGroup("pids.max")].filter((limit) => limit !== null);
  const limit = limits.length === 0 ? null : Math.min(...limits);
  const figures = { limit, need };
  if (limit === null) return ok("processes are not limited", figures);
  if (limit >= 2 * need) return ok(`${limit} processes are allowed, about ${need} may be needed`, figures);
  const remedy = {
    text: "Raise the limit (TasksMax= of a systemd unit, --pids-limit of a container), or lower limits.maxConcurrentSteps.",
    command: `ulimit -u ${4 * need}`,
  };
  const told = `${limit} processes are allowed for all of this user, and about ${need} may be needed here`;
  return limit < need ? fail(told, remedy, figures) : warn(told, remedy, figures);
}

function lookAtMemory(subject: Subject): Finding {
  const { limit, available } = readMemory();
  const steps = stepsOf(subject);
  const need = baseBytes + bytesPerStep * steps;
  const figures = { limitBytes: limit, availableBytes: available };
  const told = `${formatSize(limit)} of memory, ${formatSize(available)} free`;
  const remedy = { text: "Give more memory, or lower limits.maxConcurrentSteps." };
  if (limit < need)
    return warn(
      `${told}; ${count(steps, "small step", "small steps")} at once need about ${formatSize(need)}`,
      remedy,
      figures,
    );
  if (available < baseBytes) return warn(`${told}, which is little`, { text: "See what else takes memory." }, figures);
  return ok(told, figures);
}

async function lookAtCores(subject: Subject): Promise<Finding> {
  const steps = stepsOf(subject);
  const cores = availableParallelism();
  const quota = await readGroup("cpu.max");
  const usable = Math.min(cores, quota ?? cores);
  const figures = { cores, quota, steps };
  const told = `${cores} cores${quota === null || quota >= cores ? "" : `, of which ${Math.round(quota * 100) / 100} may be used`}`;
  if (steps <= 8 * usable) return ok(`${told}, ${count(steps, "step", "steps")} at once`, figures);
  const remedy = {
    text: `Set limits.maxConcurrentSteps to at most ${Math.max(1, Math.floor(8 * usable))}, unless steps mostly wait.`,
  };
  return warn(`${told} for ${count(steps, "step", "steps")} at once`, remedy, figures);
}

/** What this process may use, against what the configuration lets it use. */
export const limitProbes: readonly Probe[] = [
  { id: "limits.files", look: lookAtFiles },
  { id: "limits.processes", look: lookAtProcesses },
  { id: "limits.memory", look: lookAtMemory },
  { id: "limits.cores", look: lookAtCores },
];
