import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { identifyProcess } from "../lib/process-identity.ts";
import type { CommandOutput, CommandPipe } from "./command-pipe.ts";
import type { ProcessRecord } from "./state.ts";

/** Where there are no pipes that can be opened again: the descriptors that every shell can name, one for each command. */
const descriptors = [3, 4, 5, 6, 7, 8, 9] as const;
/** A shell tells death by a signal as 128 and its number. Only those that a command does not choose as its exit code: git says 128 and 129. */
const telling = ["SIGABRT", "SIGBUS", "SIGKILL", "SIGSEGV", "SIGTERM"] as const;
/** Told to end in the middle of a command, the shell ends after it; TERM has reached the command as well. */
const begin = "unset MAHAVISHNU_ENDED; trap 'MAHAVISHNU_ENDED=1' TERM\n";
const unlessEnded = `[ -z "$MAHAVISHNU_ENDED" ] || exit 0`;

/** How a process ended: one of the two is null. Both are when the machine had no process to give. */
export interface ExitStatus {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** No process could be started, for a reason that may be gone another time. */
export class SpawnError extends Error {
  override readonly name = "SpawnError";
}

/**
 * A small shell, first of a process group of its own, that starts commands one after the other. It starts one in a fraction of
 * the time that Node needs, whose memory has to be copied for each. When this process dies, its input ends and so does the shell.
 */
export class Launcher {
  readonly record: ProcessRecord;
  readonly #child: ChildProcess;
  readonly #pipe: CommandPipe | undefined;
  #used = 0;
  #tell: ((status: ExitStatus) => void) | undefined;
  #hasExited = false;
  #isClosed = false;
  readonly #exited: Promise<void>;

  private constructor(child: ChildProcess, record: ProcessRecord, pipe: CommandPipe | undefined) {
    this.#child = child;
    this.#pipe = pipe;
    this.record = record;
    this.#exited = new Promise((resolve) => {
      child.once("exit", (_code, signal) => {
        this.#hasExited = true;
        this.#tellStatus({ exitCode: null, signal });
        resolve();
      });
    });
    child.stdout?.on("data", (line: Buffer) => this.#tellStatus(readStatus(Number(line))));
    child.stdin?.write(begin);
  }

  /**
   * Starts one.
   *
   * @param env the environment that all its commands inherit
   * @param pipe for what they write; its own from now on
   * @throws SpawnError
   */
  static async start(env: Readonly<Record<string, string>>, pipe: CommandPipe | undefined): Promise<Launcher> {
    try {
      return await Launcher.#start(env, pipe);
    } catch (error) {
      pipe?.close();
      throw error;
    }
  }

  static async #start(env: Readonly<Record<string, string>>, pipe: CommandPipe | undefined): Promise<Launcher> {
    const outputs = pipe === undefined ? descriptors.map(() => "pipe" as const) : [];
    const child = spawn("/bin/sh", [], {
      cwd: "/",
      env,
      detached: true,
      stdio: ["pipe", "pipe", "ignore", ...outputs],
    });
    if (child.pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once("error", resolve));
      throw new SpawnError(cause.message, { cause });
    }
    // A shell that has ended reads nothing more.
    child.stdin?.on("error", () => undefined);
    const record = identifyProcess(child.pid);
    if (record !== null) return new Launcher(child, record, pipe);
    // Whoever ended it may have told this process as well, which is heard of first.
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      child.once("exit", (...how) => resolve(how));
    });
    throw new SpawnError(`a process that was to start commands ended before it began (${signal ?? `exit ${code}`})`);
  }

  /** Whether it can start another command. */
  get isReady(): boolean {
    return !this.#hasExited && !this.#isClosed && (this.#pipe !== undefined || this.#used < descriptors.length);
  }

  /** Opens the output of the next command. Only when it is ready, and the last command has ended. @throws Error when no file can be opened */
  openOutput(): CommandOutput {
    if (this.#pipe !== undefined) return this.#pipe.open();
    const rest = descriptors.slice(this.#used);
    const [own = NaN] = rest;
    const streams: readonly unknown[] = this.#child.stdio;
    this.#used += 1;
    return {
      stream: streams[own] as Readable,
      redirect: [`>&${own} 2>&${own}`, ...rest.map((each) => `${each}>&-`)].join(" "),
      letGo: () => void this.#child.stdin?.write(`exec ${own}>&-\n`),
    };
  }

  /** Starts a command, given as shell code that ends in `exec`. Resolves when its first process has ended. */
  async launch(code: string, output: CommandOutput): Promise<ExitStatus> {
    const ended = new Promise<ExitStatus>((resolve) => {
      this.#tell = resolve;
    });
    const command = `(exec </dev/null ${output.redirect}; ${code}); echo $?; ${unlessEnded}\n`;
    this.#child.stdin?.write(`${unlessEnded}; ${command}`);
    const status = await ended;
    output.letGo();
    return status;
  }

  /** Takes no more commands: it ends by itself once the one that it has started has ended. */
  close(): void {
    this.#isClosed = true;
    this.#child.stdin?.end();
  }

  /** Ends it, with whatever its commands have left in its group; resolves when it has ended. Only while no command runs. */
  async end(): Promise<void> {
    if (!this.#hasExited) killGroup(this.record.pid);
    await this.#exited;
    this.#pipe?.close();
    for (const stream of this.#child.stdio) stream?.destroy();
  }

  #tellStatus(status: ExitStatus): void {
    this.#tell?.(status);
    this.#tell = undefined;
  }
}

function readStatus(status: number): ExitStatus {
  const signal = telling.find((name) => status === 128 + constants.signals[name]);
  return signal === undefined ? { exitCode: status, signal: null } : { exitCode: null, signal };
}

function killGroup(id: number): void {
  try {
    process.kill(-id, "SIGKILL");
  } catch {
    // All of its processes have ended by themselves.
  }
}
