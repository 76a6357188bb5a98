import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { identifyProcess } from "../lib/process-identity.ts";
import type { AttemptMark } from "./attempt-names.ts";
import { endProcessGroup, hasMembers, type ProcessGroup, survivorsOf } from "./end-processes.ts";
import type { Ending } from "./ending.ts";
import type { Interruption } from "./interruption.ts";
import type { ProcessRecord } from "./state.ts";

/**
 * Holds the command back until its line comes on standard input: the journal knows the process before it does anything, and when
 * this process dies before that, the read ends and nothing was done. 125 is then the exit code.
 */
const gateForWords = 'IFS= read -r MAHAVISHNU_GATE || exit 125; exec "$@" </dev/null';
/** The same before a script, in the shell that runs it anyway; on its first line, so that line numbers in messages stay right. */
const gateForScript = "IFS= read -r MAHAVISHNU_GATE || exit 125; unset MAHAVISHNU_GATE; exec </dev/null; ";
/** What still runs, or holds the output open without writing, this long after the first process has ended was left behind. */
const drainMs = 200;
const longestDrainMs = 5 * drainMs;
const drainPollMs = 20;

/** A command: words that are started as they are, or a script with the shell that runs it. */
export type Command =
  | { readonly words: readonly string[] }
  | { readonly shell: readonly [file: string, ...args: string[]]; readonly script: string };

/** How a command ended. */
export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it was told to end before its first process had ended by itself; null when it was not. */
  readonly interruption: Interruption | null;
  /** Processes left behind by the command that had to be ended. */
  readonly leftBehind: boolean;
  /** Pids that could not be ended. */
  readonly survivors: readonly number[];
}

/** When and how fast to end a command. */
export interface EndingWishes {
  /** TERM to all its processes, KILL after the grace. */
  readonly end: Ending;
  /** KILL without waiting any longer. */
  readonly hurry: Ending;
  readonly graceMs: number;
}

/** A command that waits behind its gate. */
export interface GatedProcess {
  readonly record: ProcessRecord;
  /** Lets the command begin and resolves when all its processes have ended. */
  run(options: { readonly onOutput: (chunk: Buffer) => void; readonly ending: EndingWishes }): Promise<ProcessEnd>;
  /** Ends it before it began. */
  discard(): Promise<void>;
}

/** A command could not be started for a reason that may be gone another time. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
}

/**
 * Starts a command in its own process group, held back behind a gate.
 *
 * @throws SpawnError when the machine has no process to give; Error when the folder or the environment is impossible. A command
 * that does not exist ends with 127 as in a shell.
 */
export async function spawnGated(options: {
  readonly command: Command;
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mark: AttemptMark;
}): Promise<GatedProcess> {
  const [file, ...args] = gateCommand(options.command);
  const child = spawn(file, args, {
    cwd: options.folder,
    env: options.env,
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  if (child.pid === undefined) throw await explainSpawn(child, options.folder);
  // A gate that nobody reads any more (the group was ended) must not end this process.
  child.stdin.on("error", () => undefined);
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once("exit", (exitCode, signal) => resolve({ exitCode, signal }));
  });
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    child.once("close", () => {
      isClosed = true;
      resolve();
    });
  });
  const record = identifyProcess(child.pid);
  if (record === null) {
    // Whoever ended it may have told this process as well, which is heard of first.
    const { exitCode, signal } = await ended;
    throw new SpawnError(`the process ended before its gate was opened (${signal ?? `exit ${exitCode}`})`);
  }
  const group: ProcessGroup = { id: child.pid, mark: options.mark };

  /** Waits for what ends together with the first process; true when something does not. */
  const isAnythingLeft = async (heardAt: () => number): Promise<boolean> => {
    const endedAt = Date.now();
    for (;;) {
      if (isClosed && !hasMembers(group)) return false;
      // A poll of the event loop lies between two looks: output that is there by then has been read.
      const now = Date.now();
      if (now - Math.max(endedAt, heardAt()) >= drainMs || now - endedAt >= longestDrainMs) return true;
      await (isClosed ? delay(drainPollMs) : waitAtMost(closed, drainPollMs));
    }
  };

  return {
    record,
    run: async ({ onOutput, ending: { end, hurry, graceMs } }) => {
      let heardAt = 0;
      const listen = (chunk: Buffer): void => {
        heardAt = Date.now();
        onOutput(chunk);
      };
      child.stdout.on("data", listen);
      child.stderr.on("data", listen);
      let ending: Promise<number[]> | undefined;
      const forget = end.onEnd(() => {
        ending = endProcessGroup(group, graceMs, hurry);
      });
      if (ending === undefined) child.stdin.end("go\n");
      const result = await ended;
      const interruption = end.why;
      let leftBehind = false;
      if (await isAnythingLeft(() => heardAt)) {
        // A step that has ended leaves nothing running.
        leftBehind = ending === undefined && survivorsOf(group).length > 0;
        ending ??= endProcessGroup(group, graceMs, hurry);
      }
      forget();
      const survivors = (await ending) ?? [];
      await waitAtMost(closed, drainMs);
      child.stdout.destroy();
      child.stderr.destroy();
      return { ...result, interruption, leftBehind, survivors };
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

/** The machine has no process, file or memory to give just now. */
const scarce = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);

async function explainSpawn(child: ChildProcess, folder: string): Promise<Error> {
  const cause = await new Promise<NodeJS.ErrnoException>((resolve) => child.once("error", resolve));
  if (scarce.has(cause.code ?? "")) return new SpawnError(cause.message, { cause });
  return existsSync(folder) ? cause : new Error(`there is no folder ${folder}`, { cause });
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
