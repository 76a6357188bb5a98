import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:os";
import type { Readable } from "node:stream";
import { identifyProcess } from "../lib/process-identity.ts";
import type { ProcessRecord } from "./state.ts";

/** Every shell can name these descriptors: one for each command, so that what a command leaves running cannot write into the next one's output. */
const pipes = [3, 4, 5, 6, 7, 8, 9] as const;
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

/** A command that has begun. */
export interface LaunchedCommand {
  /** All it writes, in its order; ends when no process holds it any more. */
  readonly output: Readable;
  readonly ended: Promise<ExitStatus>;
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
  #used = 0;
  #tell: ((status: ExitStatus) => void) | undefined;
  #hasExited = false;
  readonly #exited: Promise<void>;

  private constructor(child: ChildProcess, record: ProcessRecord) {
    this.#child = child;
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
   * @throws SpawnError
   */
  static async start(env: Readonly<Record<string, string>>): Promise<Launcher> {
    const child = spawn("/bin/sh", [], {
      cwd: "/",
      env,
      detached: true,
      stdio: ["pipe", "pipe", "ignore", ...pipes.map(() => "pipe" as const)],
    });
    if (child.pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once("error", resolve));
      throw new SpawnError(cause.message, { cause });
    }
    // A shell that has ended reads nothing more.
    child.stdin?.on("error", () => undefined);
    const record = identifyProcess(child.pid);
    if (record !== null) return new Launcher(child, record);
    // Whoever ended it may have told this process as well, which is heard of first.
    const [code, signal] = await new Promise<[number | null, string | null]>((resolve) => {
      child.once("exit", (...how) => resolve(how));
    });
    throw new SpawnError(`a process that was to start commands ended before it began (${signal ?? `exit ${code}`})`);
  }

  /** Whether it can start another command. */
  get isReady(): boolean {
    return !this.#hasExited && this.#used < pipes.length;
  }

  /** Starts a command, given as shell code that ends in `exec`. Only when it is ready, and the last command has ended. */
  launch(code: string): LaunchedCommand {
    const [pipe = NaN, ...later] = pipes.slice(this.#used);
    this.#used += 1;
    const streams: readonly unknown[] = this.#child.stdio;
    const output = streams[pipe] as Readable;
    const ended = new Promise<ExitStatus>((resolve) => {
      this.#tell = resolve;
    });
    const outputs = [`</dev/null >&${pipe} 2>&${pipe}`, ...[pipe, ...later].map((each) => `${each}>&-`)].join(" ");
    const command = `(exec ${outputs}; ${code}); echo $?; exec ${pipe}>&-; ${unlessEnded}\n`;
    this.#child.stdin?.write(`${unlessEnded}; ${command}`);
    return { output, ended };
  }

  /** Takes no more commands: it ends by itself once the one that it has started has ended. */
  close(): void {
    this.#child.stdin?.end();
  }

  /** Ends it, with whatever its commands have left in its group; resolves when it has ended. Only while no command runs. */
  async end(): Promise<void> {
    if (!this.#hasExited) killGroup(this.record.pid);
    await this.#exited;
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
