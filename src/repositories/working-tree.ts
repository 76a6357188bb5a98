import { lstatSync, readdirSync, readFileSync, realpathSync, stat, type Stats, statSync } from "node:fs";
import { isAbsolute, join, resolve } from "node:path";

/** A git working tree that was found where the manifest says. */
export interface WorkingTree {
  readonly path: string;
  /** The path with all symbolic links resolved. */
  readonly realPath: string;
  /** Device and inode: the same for two paths that are the same folder. */
  readonly identity: string;
  /** HEAD, the index and unfinished operations: `.git`, or the place that a `.git` file names. */
  readonly gitDir: string;
  /** Refs, objects and configuration: the same as `gitDir`, except in a linked worktree. */
  readonly commonDir: string;
  /** Names in `gitDir`. */
  readonly entries: ReadonlySet<string>;
  /** True when `.git` is a file or a symbolic link that leads to another place. */
  readonly linked: boolean;
}

/** Why there is no working tree to work with. */
export type TreeProblem = "missing" | "denied" | "notAFolder" | "notGit" | "bare" | "broken" | "noAnswer";

/** A working tree, or why there is none; never thrown, so that no repository is dropped on the way. */
export type OpenedTree =
  | { readonly tree: WorkingTree }
  | {
      readonly tree?: undefined;
      readonly problem: TreeProblem;
      readonly reason: string;
      /** As far as it could be resolved. */
      readonly realPath?: string;
      readonly identity?: string;
    };

/** A mount that does not answer is told after this long. */
const firstTouchMs = 10_000;

/**
 * Finds the git folder of a working tree by reading files, without a process. Only the path itself counts: a folder
 * inside another repository is not a repository.
 */
export async function openWorkingTree(path: string, timeoutMs: number = firstTouchMs): Promise<OpenedTree> {
  // The first touch may meet a mount that hangs, so it is asynchronous and limited. What follows is local to a folder
  // that has just answered; read synchronously it costs a tenth.
  const touched = await withinTime(touch(path), timeoutMs);
  if (touched === null) return { problem: "noAnswer", reason: `the folder did not answer within ${timeoutMs} ms` };
  if ("problem" in touched) return touched;
  const { realPath, stats } = touched;
  const identity = `${stats.dev}:${stats.ino}`;
  if (!stats.isDirectory())
    return { problem: "notAFolder", reason: "the path is a file, not a folder", realPath, identity };
  try {
    return { tree: { path, realPath, identity, ...findGitDir(realPath) } };
  } catch (error) {
    if (error instanceof TreeError) return { problem: error.problem, reason: error.message, realPath, identity };
    return { ...problemOf(error), realPath, identity };
  }
}

class TreeError extends Error {
  override readonly name = "TreeError";
  readonly problem: TreeProblem;

  constructor(problem: TreeProblem, message: string) {
    super(message);
    this.problem = problem;
  }
}

type Touched = { realPath: string; stats: Stats } | { problem: TreeProblem; reason: string };

/** With a callback, since the promise of `node:fs/promises` costs as much as the call. */
function touch(path: string): Promise<Touched> {
  return new Promise((done) => {
    stat(path, (error, stats) => {
      done(error === null ? resolveLinks(path, stats) : problemOf(error));
    });
  });
}

function resolveLinks(path: string, stats: Stats): Touched {
  try {
    return { realPath: realpathSync.native(path), stats };
  } catch (error) {
    return problemOf(error);
  }
}

/** What a failed system call says about a path. */
export function problemOf(error: unknown): { problem: TreeProblem; reason: string } {
  const { code = "", message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT") return { problem: "missing", reason: "the path does not exist" };
  if (code === "EACCES" || code === "EPERM")
    return { problem: "denied", reason: `permission denied (${message.replace(/^[A-Z]+: /, "")})` };
  if (code === "ENOTDIR") return { problem: "notAFolder", reason: "a part of the path is a file, not a folder" };
  if (code === "ELOOP") return { problem: "broken", reason: "symbolic links of the path lead in a circle" };
  return { problem: "broken", reason: message };
}

type GitDir = Pick<WorkingTree, "gitDir" | "commonDir" | "entries" | "linked">;

function findGitDir(realPath: string): GitDir {
  const dotGit = join(realPath, ".git");
  const names = listFolder(dotGit);
  if (Array.isArray(names)) return describeGitDir(dotGit, names, lstatSync(dotGit).isSymbolicLink());
  if (names === "missing") {
    const inside = listFolder(realPath);
    if (Array.isArray(inside) && ["HEAD", "objects", "refs"].every((name) => inside.includes(name))) {
      throw new TreeError("bare", "it is a bare repository, without a working tree");
    }
    throw new TreeError("notGit", "the folder is not a git repository: it has no .git");
  }
  const target = readGitFile(dotGit);
  const gitDir = isAbsolute(target) ? target : resolve(realPath, target);
  const entries = listFolder(gitDir);
  if (!Array.isArray(entries)) throw new TreeError("broken", `its .git file names ${gitDir}, which does not exist`);
  return describeGitDir(gitDir, entries, true);
}

function describeGitDir(gitDir: string, names: readonly string[], linked: boolean): GitDir {
  const entries = new Set(names);
  if (!entries.has("HEAD"))
    throw new TreeError("broken", `${gitDir} has no HEAD: git was interrupted while making it, or it is damaged`);
  const commonDir = entries.has("commondir")
    ? resolve(gitDir, readFileSync(join(gitDir, "commondir"), "utf8").trim())
    : gitDir;
  return { gitDir, commonDir, entries, linked };
}

function listFolder(path: string): string[] | "missing" | "file" {
  try {
    return readdirSync(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") return "missing";
    if (code === "ENOTDIR") return "file";
    throw error;
  }
}

function readGitFile(path: string): string {
  // Anything else than git's own line of text is not read: the name may stand for a device.
  const stats = statSync(path);
  if (!stats.isFile() || stats.size > 16_384)
    throw new TreeError("notGit", "its .git is neither a folder nor git's own text file");
  const match = /^gitdir: ([^\n]+?)\r?\n*$/.exec(readFileSync(path, "utf8"));
  if (match?.[1] === undefined) throw new TreeError("notGit", 'its .git file does not begin with "gitdir:"');
  return match[1];
}

async function withinTime<T>(promise: Promise<T>, ms: number): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<null>((done) => {
    timer = setTimeout(done, ms, null);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
