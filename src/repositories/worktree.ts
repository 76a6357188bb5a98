import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { mkdir, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { MahavishnuError } from "../lib/errors.ts";
import { endOrphans } from "./end-orphans.ts";
import { GitError } from "./git-error.ts";
import { runPatiently } from "./run-patiently.ts";
import { openWorkingTree, type WorkingTree } from "./working-tree.ts";

/** Which worktree of which repository. */
export interface WorktreePlace {
  /** Path of the repository. */
  readonly repository: string;
  /** Absolute folder of the worktree. Everything in it belongs to this module. */
  readonly folder: string;
  readonly signal?: AbortSignal;
}

/** What `openWorktree` is told. */
export interface WorktreeRequest extends WorktreePlace {
  /** The commit to check out. */
  readonly commit: string;
  /** True to throw away what an earlier attempt left in the folder; false to go on with it. */
  readonly fresh: boolean;
  /** True when the worktree was complete once and somebody has worked in it: then nothing but `fresh` throws it away. */
  readonly worked?: boolean;
}

/** A checkout of a large repository takes its time. */
const checkoutTimeoutMs = 10 * 60_000;
/**
 * A half-made registration that is older than this has lost the git process that made it: git fills one within a
 * millisecond. Less than the patience with locks, so that whoever is held up by one outwaits it.
 */
const abandonedAfterMs = 1_000;
const abandonedPollMs = 50;

/**
 * Makes a worktree with a detached HEAD at a commit, or goes on with the one that is there. A folder that a crash left
 * half-made is replaced, but never one in which somebody has worked. Calls for one repository wait for each other; those of other processes are met by retrying.
 *
 * @returns true when the worktree was made, false when an existing one was kept as it is.
 * @throws GitError when the repository or the commit does not exist, or git fails; MahavishnuError WORKTREE_LOST when what
 * was worked in is no worktree of the repository any more: it is left as it is.
 * @example
 * await openWorktree({ repository: "/srv/acme/gateway", folder: "/srv/acme/.mahavishnu/worktrees/k3v9/gateway", commit, fresh: false });
 */
export async function openWorktree({ commit, fresh, worked = false, ...place }: WorktreeRequest): Promise<boolean> {
  return await withRepository(place, async (repository) => {
    if (!fresh && worked && existsSync(place.folder)) {
      if (registrationOf(repository, place.folder) !== null) return false;
      throw lostError(place);
    }
    if (!fresh && isComplete(repository, place.folder)) return false;
    await discard(repository, place.folder);
    await mkdir(dirname(place.folder), { recursive: true });
    try {
      const args = ["worktree", "add", "--detach", place.folder, commit];
      await runPatiently(
        { folder: repository.realPath, args, timeoutMs: checkoutTimeoutMs, signal: place.signal },
        async () => void (await sweepAbandoned(repository, basename(place.folder))),
      );
    } catch (error) {
      // Git clears up after its own failures, but not after being ended.
      await discard(repository, place.folder);
      throw error;
    }
    return true;
  });
}

/** Removes a worktree, whatever state it is in, and its registration. One that does not exist is fine. */
export async function removeWorktree(place: WorktreePlace): Promise<void> {
  await withRepository(place, async (repository) => await discard(repository, place.folder));
}

/** This process's calls in progress, by repository: two that add at once would read each other's half-written files. */
const queues = new Map<string, Promise<unknown>>();

async function withRepository<T>(place: WorktreePlace, body: (repository: WorkingTree) => Promise<T>): Promise<T> {
  const opened = await openWorkingTree(place.repository);
  if (opened.tree === undefined) {
    throw new GitError(
      {
        failure: opened.problem === "denied" ? "denied" : "notARepository",
        args: ["worktree"],
        folder: place.repository,
        exitCode: null,
        stderr: "",
      },
      `no worktree of ${place.repository} can be made: ${opened.reason}`,
    );
  }
  const { tree } = opened;
  const turn = (queues.get(tree.commonDir) ?? Promise.resolve()).then(async () => {
    place.signal?.throwIfAborted();
    return await body(tree);
  });
  const settled = turn.catch(() => undefined);
  queues.set(tree.commonDir, settled);
  try {
    return await turn;
  } finally {
    if (queues.get(tree.commonDir) === settled) queues.delete(tree.commonDir);
  }
}

function lostError({ repository, folder }: WorktreePlace): MahavishnuError {
  return new MahavishnuError(
    "WORKTREE_LOST",
    `${folder} is no worktree of ${repository} any more; what is in it was left as it is`,
    {
      fix: "Take what you need out of the folder, then begin the repository anew: mahavishnu runs retry ID --repo NAME --from FIRST_STEP.",
    },
  );
}

/** The locks that git takes in a worktree's own git folder; those of branches are shared with all other worktrees. */
const ownLocks = ["index.lock", "HEAD.lock"];

/**
 * Removes the locks that a killed git has left in a worktree's own git folder. Only for a worktree of this product, and only
 * once whoever worked in it has been ended: a lock does not tell whether its owner lives.
 */
export async function removeStaleLocks(folder: string): Promise<void> {
  const registration = findRegistration(folder);
  if (registration === null) return;
  for (const lock of ownLocks) await rm(join(registration, lock), { force: true });
}

/**
 * A worktree is complete when git has taken away the mark that it sets while it makes one. It also does when its checkout was
 * ended, before it removes all; the index, which is written once all files are there, tells that apart. A lock of the index
 * tells nothing: any later git that is killed leaves one.
 */
function isComplete(repository: WorkingTree, folder: string): boolean {
  const registration = registrationOf(repository, folder);
  if (registration === null || existsSync(join(registration, "locked"))) return false;
  return existsSync(join(registration, "index"));
}

/** The registration of a worktree of this repository; null when the folder is none. */
function registrationOf({ commonDir }: WorkingTree, folder: string): string | null {
  const registration = findRegistration(folder);
  if (registration === null) return null;
  try {
    return realpathSync(dirname(registration)) === realpathSync(join(commonDir, "worktrees")) ? registration : null;
  } catch {
    // The repository has no worktrees at all.
    return null;
  }
}

/** The folder in `.git/worktrees` that a worktree's `.git` file names, if both point to each other. */
function findRegistration(folder: string): string | null {
  try {
    const registration = /^gitdir: (.+?)\n*$/.exec(readFileSync(join(folder, ".git"), "utf8"))?.[1];
    if (registration === undefined) return null;
    const back = readFileSync(join(registration, "gitdir"), "utf8").trim();
    return realpathSync(back) === realpathSync(join(folder, ".git")) ? registration : null;
  } catch {
    // One of the files is missing: not a worktree, or only half of one.
    return null;
  }
}

/**
 * Removes the folder first, then its registration: a registration without a folder is an ordinary thing to git, but not the
 * reverse. Not by `git worktree remove`: it reads the files of every registration, and fails when a kill has left one of
 * them empty. Never by a prune: that would forget the user's own worktrees on a disk that is away.
 */
async function discard(repository: WorkingTree, folder: string): Promise<void> {
  const isLeft = existsSync(folder) || findRegistrations(repository, folder).length > 0;
  if (isLeft && !isComplete(repository, folder)) await endOrphans(folder);
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  for (const registration of findRegistrations(repository, folder)) await removeRegistration(registration);
  // What a git left that was ended just now is seen to be abandoned a moment later.
  while ((await sweepAbandoned(repository, basename(folder))) > 0) await delay(abandonedPollMs);
}

/** Does what git does to a registration that is not needed any more; the folder of all goes with the last one. */
async function removeRegistration(registration: string): Promise<void> {
  await rm(registration, { recursive: true, force: true, maxRetries: 3 });
  // Others are in it, or another process was faster.
  await rmdir(dirname(registration)).catch(() => undefined);
}

/** Registrations of the folder, in `.git/worktrees`. */
function findRegistrations({ commonDir }: WorkingTree, folder: string): string[] {
  const wanted = new Set([folder, realFolder(folder)].map((path) => join(path, ".git")));
  return listRegistrations(commonDir).filter((registration) => {
    return wanted.has(readText(join(registration, "gitdir")).trim());
  });
}

/** The folder with the links of its parents resolved: the folder itself is gone. */
function realFolder(folder: string): string {
  try {
    return join(realpathSync(dirname(folder)), basename(folder));
  } catch {
    return folder;
  }
}

function listRegistrations(commonDir: string): string[] {
  const folder = join(commonDir, "worktrees");
  try {
    return readdirSync(folder).map((id) => join(folder, id));
  } catch {
    return [];
  }
}

/** The text of a file; empty when there is none. */
function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}

/**
 * A git that is killed in its first moments leaves a registration that leads to no folder, or one of which the other git
 * processes cannot read the files: no worktree of the repository can be made or removed any more. Git itself never
 * removes it. Git names registrations after the folder, with a number when that is taken.
 *
 * @returns how many are half-made and too young to tell whether their git still lives
 */
async function sweepAbandoned({ commonDir }: WorkingTree, name: string): Promise<number> {
  let young = 0;
  for (const registration of listRegistrations(commonDir)) {
    const id = basename(registration);
    if (!id.startsWith(name) || !/^\d*$/.test(id.slice(name.length)) || !isHalfMade(registration)) continue;
    const stats = statSync(registration, { throwIfNoEntry: false });
    if (stats?.isDirectory() !== true) continue;
    if (Date.now() - stats.mtimeMs > abandonedAfterMs) await removeRegistration(registration);
    else young += 1;
  }
  return young;
}

/** Git writes these files in this order, all but the folder itself under the mark `locked`. */
function isHalfMade(registration: string): boolean {
  const isEmpty = (file: string): boolean => readText(join(registration, file)) === "";
  return isEmpty("gitdir") || (existsSync(join(registration, "locked")) && ["HEAD", "commondir"].some(isEmpty));
}
