import { accessSync, constants, existsSync, statSync } from "node:fs";
import type { AttemptMark } from "./attempt-names.ts";
import { type Command, commandCode } from "./command-code.ts";
import { messageOf } from "../lib/errors.ts";
import type { CommandOutput } from "./command-pipe.ts";
import { endProcessGroup, type ProcessGroup, survivorsOf } from "./end-processes.ts";
import type { Ending } from "./ending.ts";
import type { Interruption } from "./interruption.ts";
import { type ExitStatus, type Launcher, SpawnError } from "./launcher.ts";
import type { Launchers } from "./launchers.ts";
import type { ProcessRecord } from "./state.ts";

/** What still runs, or holds the output open without writing, this long after the first process has ended was left behind. */
const drainMs = 200;
const longestDrainMs = 5 * drainMs;
const drainPollMs = 20;

/** How a command ended. */
export interface ProcessEnd extends ExitStatus {
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

/** A command that has a process to begin in, and has not begun. */
export interface PreparedCommand {
  readonly record: ProcessRecord;
  /** Lets the command begin and resolves when all its processes have ended. */
  run(options: { readonly onOutput: (chunk: Buffer) => void; readonly ending: EndingWishes }): Promise<ProcessEnd>;
  /** Gives the process back: the command will not begin. */
  discard(): Promise<void>;
}

/**
 * Prepares a command: the journal can know its process before it does anything, and when this process dies before that, nothing
 * was done.
 *
 * @throws SpawnError when the machine has no process to give; Error when the folder or the environment is impossible. A command
 * that does not exist ends with 127 as in a shell.
 */
export async function prepareCommand(
  launchers: Launchers,
  options: {
    readonly command: Command;
    readonly folder: string;
    /** Added to the environment of the launchers. */
    readonly env: Readonly<Record<string, string>>;
    readonly mark: AttemptMark;
  },
): Promise<PreparedCommand> {
  const { command, folder, env, mark } = options;
  const code = commandCode(command, folder, env);
  assertEnterable(folder);
  const launcher = await launchers.take();
  const { record } = launcher;
  const output = await openOutput(launchers, launcher);
  const discard = async (): Promise<void> => {
    output.letGo();
    output.stream.destroy();
    await launchers.give(launcher);
  };
  return {
    record,
    run: async ({ onOutput, ending }) => {
      const { why } = ending.end;
      if (why !== null) {
        await discard();
        return { exitCode: null, signal: null, interruption: why, leftBehind: false, survivors: [] };
      }
      const end = await runToEnd(launcher, { code, output, onOutput, ending, group: { id: record.pid, mark } });
      await launchers.give(launcher);
      return end;
    },
    discard,
  };
}

function assertEnterable(folder: string): void {
  if (!existsSync(folder)) throw new Error(`there is no folder ${folder}`);
  if (!statSync(folder).isDirectory()) throw new Error(`${folder} is a file, where a folder should be`);
  try {
    accessSync(folder, constants.X_OK);
  } catch {
    throw new Error(`the folder ${folder} cannot be entered: permission denied`);
  }
}

async function openOutput(launchers: Launchers, launcher: Launcher): Promise<CommandOutput> {
  try {
    return launcher.openOutput();
  } catch (error) {
    await launchers.give(launcher);
    throw new SpawnError(messageOf(error), { cause: error });
  }
}

interface Run {
  readonly code: string;
  readonly output: CommandOutput;
  readonly onOutput: (chunk: Buffer) => void;
  readonly ending: EndingWishes;
  readonly group: ProcessGroup;
}

async function runToEnd(launcher: Launcher, run: Run): Promise<ProcessEnd> {
  const { code, output, onOutput, group } = run;
  const { end, hurry, graceMs } = run.ending;
  const { stream } = output;
  let isClosed = false;
  const closed = new Promise<void>((resolve) => {
    stream.once("close", () => {
      isClosed = true;
      resolve();
    });
  });
  let heardAt = 0;
  stream.on("data", (chunk: Buffer) => {
    heardAt = Date.now();
    onOutput(chunk);
  });
  /** Waits for what ends together with the first process; true when something does not. */
  const isAnythingLeft = async (): Promise<boolean> => {
    const endedAt = Date.now();
    for (;;) {
      if (isClosed) return false;
      // A poll of the event loop lies between two looks: output that is there by then has been read.
      const now = Date.now();
      if (now - Math.max(endedAt, heardAt) >= drainMs || now - endedAt >= longestDrainMs) return true;
      await waitAtMost(closed, drainPollMs);
    }
  };
  let ending: Promise<number[]> | undefined;
  const endAll = (): Promise<number[]> => {
    launcher.close();
    return endProcessGroup(group, graceMs, hurry);
  };
  const ended = launcher.launch(code, output);
  const forget = end.onEnd(() => {
    ending = endAll();
  });
  const result = await ended;
  const interruption = end.why;
  let leftBehind = false;
  if (await isAnythingLeft()) {
    // A step that has ended leaves nothing running that could still write into its log.
    leftBehind = ending === undefined && survivorsOf(group).some((pid) => pid !== group.id);
    ending ??= endAll();
  }
  forget();
  const survivors = (await ending) ?? [];
  await waitAtMost(closed, drainMs);
  stream.destroy();
  return { ...result, interruption, leftBehind, survivors };
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
