import { spawn } from "node:child_process";
import { statSync } from "node:fs";
import { gitCalls } from "../lib/calls.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { classifyFailure, GitError, nameGitCommand } from "./git-error.ts";
import { gitVerbOf } from "./git-verb.ts";

/** How long a git command may take when the caller does not say: no local command of this product needs a minute. */
export const defaultGitTimeoutMs = 60_000;
/** What git may print before it counts as gone wrong. */
export const maxGitOutputBytes = 64 * 1024 * 1024;
/** After TERM, git removes its lock files; what still runs after this is killed. */
const graceMs = 2_000;
/** A helper that outlives git may keep the pipes open; output that is there is read, then the pipes are dropped. */
const drainMs = 200;

/** One git command. */
export interface GitCall {
  /** Where git runs. */
  readonly folder: string;
  readonly args: readonly string[];
  /** Milliseconds until the command and its children are ended; a minute when left out. */
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
  /** Exit codes that are answers and no failures; 0 when left out. */
  readonly accept?: readonly number[] | undefined;
  /** The process environment; `gitEnvironment()` when left out. Make it once for many calls. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  /** What git reads from standard input; nothing when left out. */
  readonly input?: string | Buffer;
  /** Told of the process as soon as it has been started; it is the first of a group of its own. When this throws, it is killed. */
  readonly onStart?: (pid: number) => void;
}

/** What a git command gave. */
export interface GitOutput {
  readonly exitCode: number;
  /** Bytes: paths and commit texts need not be UTF-8. */
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Variables that would make git look at another repository than the folder's; set inside hooks of the caller's own one. */
const foreignVariables = [
  "GIT_DIR",
  "GIT_WORK_TREE",
  "GIT_INDEX_FILE",
  "GIT_COMMON_DIR",
  "GIT_OBJECT_DIRECTORY",
  "GIT_ALTERNATE_OBJECT_DIRECTORIES",
  "GIT_NAMESPACE",
  "GIT_PREFIX",
  "GIT_GRAFT_FILE",
  "GIT_SHALLOW_FILE",
  "GIT_NO_REPLACE_OBJECTS",
  "GIT_REPLACE_REF_BASE",
  "GIT_INTERNAL_SUPER_PREFIX",
  "GIT_IMPLICIT_WORK_TREE",
];

/** Settings that hold for every call: no hook, no monitor of the repository's own choice is started. */
export const fixedGitSettings: readonly string[] = ["-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null"];

/**
 * The environment of every git process: the user's own, but no prompt, no optional lock, English messages, and nothing that
 * points to another repository.
 */
export function gitEnvironment(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {
    ...base,
    LC_ALL: "C",
    GIT_TERMINAL_PROMPT: "0",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_PAGER: "cat",
  };
  for (const name of foreignVariables) delete env[name];
  return env;
}

/**
 * Runs git: every git process of the product is started here, or by `openGitBatch` for one command over many folders.
 *
 * @throws GitError when git fails, takes too long or prints too much; MahavishnuError `GIT_MISSING` without git; the signal's
 * reason when aborted. In all cases git and its children have been ended.
 * @example
 * const { stdout } = await runGit({ folder: path, args: ["rev-parse", "HEAD"] });
 */
export async function runGit(call: GitCall): Promise<GitOutput> {
  // Nothing is made for a listener that is not there.
  if (!gitCalls.hasSubscribers) return await execute(call);
  return await gitCalls.tracePromise(async () => await execute(call), {
    verb: gitVerbOf(call.args),
    folder: call.folder,
  });
}

async function execute(call: GitCall): Promise<GitOutput> {
  const { folder, args, signal, timeoutMs = defaultGitTimeoutMs, accept = [0] } = call;
  signal?.throwIfAborted();
  const ended = await collect(call, timeoutMs);
  if (ended.aborted) signal?.throwIfAborted();
  const { exitCode, stderr } = ended;
  const details = { args, folder, exitCode, stderr };
  const name = `${nameGitCommand(args)} in ${folder}`;
  if (ended.why === "timeout")
    throw new GitError({ ...details, failure: "timeout" }, `${name} took longer than ${timeoutMs} ms and was ended`);
  if (ended.why === "tooMuchOutput")
    throw new GitError(
      { ...details, failure: "tooMuchOutput" },
      `${name} printed more than ${maxGitOutputBytes} bytes and was ended`,
    );
  if (exitCode === null || !accept.includes(exitCode))
    throw new GitError({ ...details, failure: classifyFailure(stderr) });
  return { exitCode, stdout: ended.stdout, stderr };
}

interface Ended {
  readonly exitCode: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
  readonly aborted: boolean;
  readonly why: "timeout" | "tooMuchOutput" | null;
}

function collect({ folder, args, signal, env, input, onStart }: GitCall, timeoutMs: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    // Its own process group: a helper that hangs is ended together with git.
    const child = spawn("git", [...fixedGitSettings, ...args], {
      cwd: folder,
      env: env ?? gitEnvironment(),
      detached: true,
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"],
    });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    let bytes = 0;
    let why: Ended["why"] = null;
    let killTimer: NodeJS.Timeout | undefined;
    let drainTimer: NodeJS.Timeout | undefined;
    let exitCode: number | null = null;
    let closed = false;
    const end = (): void => {
      signalGroup(child.pid, "SIGTERM");
      killTimer ??= setTimeout(() => signalGroup(child.pid, "SIGKILL"), graceMs);
    };
    const endBecause = (reason: Ended["why"]): void => {
      why ??= reason;
      end();
    };
    const read = (list: Buffer[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes > maxGitOutputBytes) endBecause("tooMuchOutput");
      else list.push(chunk);
    };
    const limit = setTimeout(endBecause, timeoutMs, "timeout");
    signal?.addEventListener("abort", end, { once: true });
    const cleanUp = (): void => {
      clearTimeout(limit);
      clearTimeout(killTimer);
      clearTimeout(drainTimer);
      signal?.removeEventListener("abort", end);
    };
    child.stdout?.on("data", read(output));
    child.stderr?.on("data", read(errors));
    // Git may end without reading all of its input; that is no failure of ours.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
    child.once("error", (error) => {
      cleanUp();
      reject(startError(error, folder));
    });
    const drain = (seen: number): void => {
      // A busy process may come here before it has read what is there: only a pipe that stays silent is dropped.
      drainTimer = setTimeout(() => {
        setImmediate(() => {
          if (closed) return;
          if (bytes !== seen) return drain(bytes);
          signalGroup(child.pid, "SIGKILL");
          child.stdout?.destroy();
          child.stderr?.destroy();
        });
      }, drainMs);
    };
    child.once("exit", (code) => {
      exitCode = code;
      drain(bytes);
    });
    child.once("close", () => {
      closed = true;
      cleanUp();
      const stderr = Buffer.concat(errors).toString("utf8");
      resolve({ exitCode, stdout: Buffer.concat(output), stderr, aborted: signal?.aborted === true, why });
    });
    try {
      if (child.pid !== undefined) onStart?.(child.pid);
    } catch (error) {
      signalGroup(child.pid, "SIGKILL");
      reject(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function signalGroup(pid: number | undefined, name: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, name);
  } catch {
    // All of its processes have ended by themselves.
  }
}

/** Node says ENOENT both for a missing git and for a missing folder. */
function startError(error: NodeJS.ErrnoException, folder: string): Error {
  const isFolder = statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true;
  if (error.code === "ENOENT" && isFolder) {
    return new MahavishnuError("GIT_MISSING", "git is not found on PATH", { cause: error });
  }
  const reason = isFolder ? error.message : "the folder does not exist";
  const failure = error.code === "EACCES" ? "denied" : "exit";
  return new GitError(
    { failure, args: [], folder, exitCode: null, stderr: "" },
    `git cannot be started in ${folder}: ${reason}`,
  );
}
