import { type ChildProcess, spawn } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { CheckContext } from "../context.ts";
import type { Scratch } from "../scratch.ts";
import { endScratchProcesses } from "./scratch-processes.ts";

/** How a command of the shipped CLI ended. */
export interface CliResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** One call of the shipped CLI. */
export interface CliCall {
  /** Words after `mahavishnu`. */
  readonly args: readonly string[];
  /** The folder that it is started in: a scratch workspace. */
  readonly folder: string;
  /** Added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each line on the standard output as it comes. */
  readonly onLine?: (line: string) => void;
}

/** A command that was started and has not ended. */
export interface StartedCli {
  readonly pid: number;
  readonly ended: Promise<CliResult>;
  kill(signal: NodeJS.Signals): void;
}

/** What of the user's environment would make a command look at another workspace than the scratch one. */
const ownPrefix = "MAHAVISHNU_";

/**
 * Starts a command of the shipped CLI, as a user would, in a process group of its own. When the check's signal is aborted, it
 * and all that it has started are ended. Its temporary folder is in scratch space, which is also how what it leaves running
 * is found again.
 *
 * @throws Error when the process cannot be started.
 */
export async function startCli(
  context: CheckContext,
  scratch: Scratch,
  { args, folder, env = {}, onLine }: CliCall,
): Promise<StartedCli> {
  context.signal.throwIfAborted();
  const temporary = join(scratch.folder, ".tmp");
  await mkdir(temporary, { recursive: true });
  const child = spawn(context.cli.file, [...context.cli.args, ...args], {
    cwd: folder,
    env: { ...withoutOwn(context.environment), NO_COLOR: "1", ...env, TMPDIR: temporary },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  const { pid } = child;
  if (pid === undefined) throw await new Promise<Error>((resolve) => child.once("error", resolve));
  const collected = collect(child, onLine);
  const untrack = await scratch.track(pid);
  const end = (): void => {
    killGroup(pid, "SIGKILL");
    void endScratchProcesses(scratch);
  };
  context.signal.addEventListener("abort", end, { once: true });
  if (context.signal.aborted) end();
  const forget = async (): Promise<CliResult> => {
    try {
      return await collected;
    } finally {
      context.signal.removeEventListener("abort", end);
      await untrack();
    }
  };
  return { pid, ended: forget(), kill: (signal) => killGroup(pid, signal) };
}

/** Runs a command of the shipped CLI to its end. */
export async function callCli(context: CheckContext, scratch: Scratch, call: CliCall): Promise<CliResult> {
  const started = await startCli(context, scratch, call);
  return await started.ended;
}

/** The JSON document that a command wrote. @throws Error with the beginning of what it wrote instead. */
export function parseStdout(result: CliResult): unknown {
  try {
    return JSON.parse(result.stdout) as unknown;
  } catch (error) {
    throw new Error(`no JSON on stdout (exit ${result.exitCode}): ${(result.stdout || result.stderr).slice(0, 300)}`, {
      cause: error,
    });
  }
}

function withoutOwn(environment: CheckContext["environment"]): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(environment).filter(([name]) => !name.startsWith(ownPrefix)));
}

async function collect(child: ChildProcess, onLine: CliCall["onLine"]): Promise<CliResult> {
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout?.on("data", (chunk: Buffer) => stdout.push(chunk));
  child.stderr?.on("data", (chunk: Buffer) => stderr.push(chunk));
  const lines = child.stdout === null || onLine === undefined ? undefined : createInterface(child.stdout);
  if (onLine !== undefined) lines?.on("line", onLine);
  const read = lines === undefined ? undefined : new Promise((resolve) => lines.once("close", resolve));
  const [exitCode, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("close", (code, by) => resolve([code, by]));
  });
  await read;
  return {
    exitCode,
    signal,
    stdout: Buffer.concat(stdout).toString("utf8"),
    stderr: Buffer.concat(stderr).toString("utf8"),
  };
}

function killGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch {
    // It has ended.
  }
}
