import { type ChildProcess, spawn } from "node:child_process";
import { identifyProcess } from "../lib/process-identity.ts";
import { endProcessGroup, hasSurvivors } from "./end-processes.ts";
import type { ProcessRecord } from "./state.ts";

/**
 * Holds the command back until its line comes on standard input: the journal knows the process before it does anything, and when
 * this process dies before that, the read ends and nothing was done. 125 is then the exit code.
 */
const gateForWords = 'IFS= read -r go || exit 125; exec "$@" </dev/null';
/** The same before a script, in the shell that runs it anyway; on its first line, so that line numbers in messages stay right. */
const gateForScript = "IFS= read -r go || exit 125; exec </dev/null; ";
/** Output that arrives after the first process has ended is waited for this long, then what still runs is ended. */
const drainMs = 200;

/** A command: words that are started as they are, or a script with the shell that runs it. */
export type Command =
  | { readonly words: readonly string[] }
  | { readonly shell: readonly [file: string, ...args: string[]]; readonly script: string };

/** How a command ended. */
export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Processes left behind by the command that had to be ended. */
  readonly leftBehind: boolean;
  /** Pids that could not be ended. */
  readonly survivors: readonly number[];
}

/** When and how fast to end a command. */
export interface EndingSignals {
  /** TERM to all its processes, KILL after the grace. */
  readonly end: AbortSignal;
  /** KILL without waiting any longer. */
  readonly hurry: AbortSignal;
  readonly graceMs: number;
}

/** A command that waits behind its gate. */
export interface GatedProcess {
  readonly record: ProcessRecord;
  /** Lets the command begin and resolves when all its processes have ended. */
  run(options: { readonly onOutput: (chunk: Buffer) => void; readonly ending: EndingSignals }): Promise<ProcessEnd>;
  /** Ends it before it began. */
  discard(): Promise<void>;
}

/**
 * Starts a command in its own process group, held back behind a gate.
 *
 * @throws Error when the process cannot be started at all (no such folder, no processes left); a command that does not exist
 * ends with 127 as in a shell.
 */
export async function spawnGated(options: {
  readonly command: Command;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly idempotencyKey: string;
}): Promise<GatedProcess> {
  const [file, ...args] = gateCommand(options.command);
  const child = spawn(file, args, {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  // A gate that nobody reads any more (the group was ended) must not end this process.
  child.stdin.on("error", () => undefined);
  if (child.pid === undefined) throw await spawnError(child);
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const closed = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const identity = identifyProcess(child.pid);
  if (identity === null) throw new Error("the process ended before its gate was opened");
  const group = { id: child.pid, idempotencyKey: options.idempotencyKey };
  return {
    record: identity,
    run: async ({ onOutput, ending: { end: signal, hurry, graceMs } }) => {
      child.stdout.on("data", onOutput);
      child.stderr.on("data", onOutput);
      let ending: Promise<number[]> | undefined;
      const end = (): void => {
        ending = endProcessGroup(group, graceMs, hurry);
      };
      if (signal.aborted) end();
      else {
        signal.addEventListener("abort", end, { once: true });
        child.stdin.end("go\n");
      }
      const result = await ended;
      let leftBehind = false;
      if (ending === undefined && hasSurvivors(group)) {
        // A short while for children that are just ending; then they are ended, since a step that has ended leaves nothing running.
        await waitAtMost(closed, drainMs);
        leftBehind = hasSurvivors(group);
        if (leftBehind) ending = endProcessGroup(group, graceMs, hurry);
      }
      signal.removeEventListener("abort", end);
      const survivors = (await ending) ?? [];
      await waitAtMost(closed, drainMs);
      child.stdout.destroy();
      child.stderr.destroy();
      return { ...result, leftBehind, survivors };
    },
    discard: async () => {
      child.stdout.destroy();
      child.stderr.destroy();
      await endProcessGroup(group, 0);
    },
  };
}

function gateCommand(command: Command): [file: string, ...args: string[]] {
  if ("words" in command) return ["/bin/sh", "-c", gateForWords, "sh", ...command.words];
  return [...command.shell, gateForScript + command.script];
}

function spawnError(child: ChildProcess): Promise<Error> {
  return new Promise((resolve) => child.once("error", resolve));
}

/** Waits for a promise, but not for ever; the timer ends with the promise, so that it never keeps the process alive. */
function waitAtMost(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}
