import { type ChildProcessByStdio, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import type { Readable, Writable } from "node:stream";
import { gitCalls } from "../lib/calls.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { classifyFailure, GitError } from "./git-error.ts";
import { gitVerbOf } from "./git-verb.ts";
import {
  defaultGitTimeoutMs,
  fixedGitSettings,
  type GitOutput,
  gitEnvironment,
  maxGitOutputBytes,
  runGit,
} from "./run-git.ts";

/** The same git command for many folders. */
export interface GitBatch extends AsyncDisposable {
  /**
   * Runs the command in one folder. As many calls as helpers run at the same time; further ones wait.
   *
   * @throws the same errors as `runGit`.
   */
  run(folder: string): Promise<GitOutput>;
}

/** What a batch is told. */
export interface BatchOptions {
  readonly args: readonly string[];
  /** Exit codes that are answers and no failures; 0 when left out. */
  readonly accept?: readonly number[] | undefined;
  /** Git processes at the same time. */
  readonly size: number;
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** Milliseconds for one folder. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts git from small shells, one folder after the other in each. To start a process, the system copies the page tables
 * of the one that starts it: of a shell that takes a tenth of what it takes of this one, and it does not block this one.
 *
 * The shell reads a folder from its input and answers with git's output, a line with the exit code, git's errors and an
 * end line. Both lines carry a random word that git is not told, so no output can be taken for them. Git looks for no
 * repository above the folder.
 */
const script = `mhv_word=$MAHAVISHNU_BATCH_WORD; unset MAHAVISHNU_BATCH_WORD
while IFS= read -r mhv_folder; do
  mhv_errors=$(GIT_CEILING_DIRECTORIES="\${mhv_folder%/*}" git -C "$mhv_folder" "$@" 2>&1 >&3 3>&- </dev/null)
  printf '\\n%s %s\\n%s\\n%s end\\n' "$mhv_word" "$?" "$mhv_errors" "$mhv_word" >&3
done 3>&1`;

/** Opens a batch. Its helpers are started when they are needed and end when it is disposed of. */
export function openGitBatch(options: BatchOptions): GitBatch {
  const idle: Helper[] = [];
  const all = new Set<Helper>();
  const waiting: ((helper: Helper) => void)[] = [];
  const begin = (): Helper => {
    const helper = new Helper(options);
    all.add(helper);
    return helper;
  };
  const take = async (): Promise<Helper> => {
    const free = idle.pop();
    if (free !== undefined) return free;
    if (all.size < options.size) return begin();
    return await new Promise((resolve) => waiting.push(resolve));
  };
  const giveBack = (helper: Helper): void => {
    if (helper.ended) all.delete(helper);
    const next = waiting.shift();
    if (next !== undefined) next(helper.ended ? begin() : helper);
    else if (!helper.ended) idle.push(helper);
  };
  return {
    run: async (folder) => {
      options.signal?.throwIfAborted();
      // The shell reads lines: a folder with a line end in its name takes the direct way.
      if (folder.includes("\n")) return await runGit({ ...options, folder });
      const helper = await take();
      try {
        // The wait for a helper may have been long.
        options.signal?.throwIfAborted();
        if (!gitCalls.hasSubscribers) return await helper.run(folder);
        const about = { verb: gitVerbOf(options.args), folder };
        return await gitCalls.tracePromise(async () => await helper.run(folder), about);
      } finally {
        giveBack(helper);
      }
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all([...all].map(async (helper) => await helper.end()));
    },
  };
}

interface Request {
  readonly folder: string;
  readonly chunks: Buffer[];
  bytes: number;
  readonly timer: NodeJS.Timeout;
  readonly resolve: (output: GitOutput) => void;
  readonly reject: (error: Error) => void;
}

/** One shell that runs git in one folder at a time. */
class Helper {
  ended = false;
  readonly #options: BatchOptions;
  readonly #word = randomBytes(12).toString("hex");
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #closed: Promise<void>;
  readonly #abort = (): void => {
    this.#stop(this.#options.signal?.reason as Error);
  };
  #request: Request | undefined;

  constructor(options: BatchOptions) {
    this.#options = options;
    this.#child = spawn("/bin/sh", ["-c", script, "sh", ...fixedGitSettings, ...options.args], {
      env: { ...(options.env ?? gitEnvironment()), MAHAVISHNU_BATCH_WORD: this.#word },
      // Its own process group: a git that hangs is ended together with it.
      detached: true,
      stdio: ["pipe", "pipe", "ignore"],
    });
    // What is written to a shell that has ended is lost; its end is what is told.
    this.#child.stdin.on("error", () => undefined);
    this.#child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    options.signal?.addEventListener("abort", this.#abort, { once: true });
    this.#closed = new Promise((resolve) => {
      const close = (): void => {
        this.ended = true;
        options.signal?.removeEventListener("abort", this.#abort);
        this.#settle((request) =>
          request.reject(this.#failure(request, "exit", "the shell that starts git has ended")),
        );
        resolve();
      };
      this.#child.once("close", close);
      this.#child.once("error", close);
    });
  }

  run(folder: string): Promise<GitOutput> {
    const { timeoutMs = defaultGitTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#stop((request) => this.#failure(request, "timeout", `took longer than ${timeoutMs} ms and was ended`));
      }, timeoutMs);
      this.#request = { folder, chunks: [], bytes: 0, timer, resolve, reject };
      if (this.ended)
        this.#settle((request) =>
          request.reject(this.#failure(request, "exit", "the shell that starts git has ended")),
        );
      else this.#child.stdin.write(`${folder}\n`);
    });
  }

  /** Ends the shell; git in progress is ended with it. */
  async end(): Promise<void> {
    if (this.#request === undefined) this.#child.stdin.end();
    else this.#stop(new Error("the batch was closed"));
    await this.#closed;
  }

  #stop(reason: Error | ((request: Request) => Error)): void {
    this.ended = true;
    killGroup(this.#child.pid);
    this.#settle((request) => request.reject(typeof reason === "function" ? reason(request) : reason));
  }

  #settle(how: (request: Request) => void): void {
    const request = this.#request;
    if (request === undefined) return;
    this.#request = undefined;
    clearTimeout(request.timer);
    how(request);
  }

  #failure({ folder }: Request, failure: "exit" | "timeout" | "tooMuchOutput", what: string): GitError {
    const { args } = this.#options;
    return new GitError(
      { failure, args, folder, exitCode: null, stderr: "" },
      `git ${args.join(" ")} in ${folder} ${what}`,
    );
  }

  #read(chunk: Buffer): void {
    const request = this.#request;
    if (request === undefined) return;
    request.chunks.push(chunk);
    request.bytes += chunk.length;
    if (request.bytes > maxGitOutputBytes) {
      this.#stop((over) =>
        this.#failure(over, "tooMuchOutput", `printed more than ${maxGitOutputBytes} bytes and was ended`),
      );
      return;
    }
    const end = Buffer.from(`\n${this.#word} end\n`);
    // The end line may come in two pieces.
    const tail = chunk.length < end.length ? Buffer.concat(request.chunks.slice(-end.length)) : chunk;
    if (!tail.subarray(-end.length).equals(end)) return;
    const answer = Buffer.concat(request.chunks).subarray(0, -end.length);
    this.#settle(() => this.#answer(request, answer));
  }

  #answer({ folder, resolve, reject }: Request, answer: Buffer): void {
    const mark = `\n${this.#word} `;
    const at = answer.indexOf(mark);
    const [code = "", ...errors] = answer.toString("utf8", at + mark.length).split("\n");
    const exitCode = Number(code);
    const stderr = errors.join("\n");
    if ((this.#options.accept ?? [0]).includes(exitCode)) resolve({ exitCode, stdout: answer.subarray(0, at), stderr });
    else if (exitCode === 127) reject(new MahavishnuError("GIT_MISSING", "git is not found on PATH"));
    else reject(new GitError({ failure: classifyFailure(stderr), args: this.#options.args, folder, exitCode, stderr }));
  }
}

/** KILL at once: these commands only read, so nothing is left half-done. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // All of its processes have ended by themselves.
  }
}
