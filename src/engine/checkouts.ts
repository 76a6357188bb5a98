import { existsSync, rmdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { assertStillContained } from "../repositories/containment.ts";
import { openWorktree, removeStaleLocks, removeWorktree } from "../repositories/worktree.ts";
import type { Job } from "../workflows/types.ts";
import type { EngineParts } from "./engine-parts.ts";
import { jobOf, type PlannedRepository } from "./plan.ts";
import { hasEnded, type RunState, type TargetState } from "./state.ts";

/** Where the steps of a run work: the repository itself, or one worktree for each repository and run, shared by its jobs. */
export class Checkouts {
  readonly #folder: string;
  readonly #allowedRoots: EngineParts["allowedRoots"];

  constructor({ worktreesFolder, allowedRoots }: Pick<EngineParts, "worktreesFolder" | "allowedRoots">) {
    this.#folder = worktreesFolder;
    this.#allowedRoots = allowedRoots;
  }

  /**
   * The folder in which a target's steps work; a worktree is made when there is none, and made anew when the target begins
   * anew and no step has been done in it since. In every other round it is kept: also what the first step has left, or its user.
   *
   * @throws MahavishnuError REPOSITORY_OUTSIDE_ROOTS, REPOSITORY_MISSING, WORKTREE_LOST; GitError
   */
  async open(
    state: RunState,
    target: TargetState,
    repository: PlannedRepository | null,
    job: Job,
  ): Promise<string | null> {
    if (repository === null) return null;
    const { name, path, base } = repository;
    await assertStillContained(repository, await this.#allowedRoots());
    if (!existsSync(path)) throw new MahavishnuError("REPOSITORY_MISSING", `${name}: there is no folder ${path}`);
    if (!isWorkingTree(path)) {
      // Git would look for one in the folders above, and find another repository, such as the workspace's own.
      throw new MahavishnuError("REPOSITORY_MISSING", `${name}: ${path} is not the top of a git working tree`);
    }
    if (job.checkout === "inPlace") return path;
    if (base === null) {
      throw new MahavishnuError("REPOSITORY_MISSING", `${name} has no commit that a worktree could start from`);
    }
    const folder = this.#pathOf(state, repository);
    const users = worktreeTargets(state, repository);
    const fresh = target.isAnew && users.every(isUntouched);
    crashPoint("engine.beforeWorktree");
    const made = await openWorktree({ repository: path, folder, commit: base, fresh, worked: users.some(hasWorked) });
    crashPoint("engine.worktreeMade");
    if (made && users.some((user) => !isUntouched(user))) {
      await removeWorktree({ repository: path, folder });
      throw new MahavishnuError("WORKTREE_LOST", `the worktree of ${name} is gone, and with it what earlier steps did`);
    }
    return folder;
  }

  /** Removes what a git of the target's steps left locked in their worktree. Only once all that worked there has been ended. */
  async unlock(state: RunState, target: TargetState): Promise<void> {
    const repository = target.repository === null ? undefined : state.plan.repositories[target.repository];
    if (repository === undefined || !usesWorktree(state, target)) return;
    // A lock that cannot be removed is told by the git that stumbles over it.
    await removeStaleLocks(this.#pathOf(state, repository)).catch(() => undefined);
  }

  /**
   * Removes a repository's worktree once all its targets have succeeded; a tree in which something failed is kept for a retry.
   * What was done must be durable before.
   *
   * @throws MahavishnuError REPOSITORY_OUTSIDE_ROOTS; GitError; fs errors where the tree holds what this user cannot remove
   */
  async giveBack(state: RunState, repository: PlannedRepository): Promise<void> {
    if (!isGivenBack(state, repository) || !existsSync(this.#pathOf(state, repository))) return;
    await this.#remove(state, repository);
    crashPoint("engine.worktreeRemoved");
  }

  /**
   * At the end of a run: tries again what could not be removed before, and removes the run's folder, which goes with its last
   * worktree only now: before, another target may be making its own in it. After a crash every repository is looked at, since a
   * tree may be gone of which its repository still knows.
   *
   * @returns what could not be removed, in words
   */
  async giveBackAll(state: RunState, options: { readonly afterCrash: boolean }): Promise<readonly string[]> {
    const folder = join(this.#folder, state.id);
    if (!options.afterCrash && !existsSync(folder)) return [];
    const problems: string[] = [];
    for (const repository of Object.values(state.plan.repositories)) {
      if (!isGivenBack(state, repository)) continue;
      if (!options.afterCrash && !existsSync(this.#pathOf(state, repository))) continue;
      try {
        await this.#remove(state, repository);
      } catch {
        problems.push(`the worktree of ${repository.name} could not be removed`);
      }
    }
    removeIfEmpty(folder);
    return problems;
  }

  async #remove(state: RunState, repository: PlannedRepository): Promise<void> {
    await assertStillContained(repository, await this.#allowedRoots());
    await removeWorktree({ repository: repository.path, folder: this.#pathOf(state, repository) });
  }

  #pathOf(state: RunState, repository: PlannedRepository): string {
    return join(this.#folder, state.id, repository.name);
  }
}

/** Whether git, called in the folder, works on the folder itself: it passes by a `.git` without a HEAD. */
function isWorkingTree(path: string): boolean {
  const found = statSync(join(path, ".git"), { throwIfNoEntry: false });
  return found !== undefined && (!found.isDirectory() || existsSync(join(path, ".git", "HEAD")));
}

/** All that works in the repository's worktree has been done. */
function isGivenBack(state: RunState, repository: PlannedRepository): boolean {
  const targets = worktreeTargets(state, repository);
  return targets.length > 0 && targets.every(isDone);
}

function worktreeTargets(state: RunState, repository: PlannedRepository): TargetState[] {
  const jobs = state.plan.workflow.jobs.filter((job) => job.checkout === "worktree");
  return jobs.flatMap((job) => state.targets.get(`${job.id}/${repository.name}`) ?? []);
}

/** Nothing of the target has been done in this round, nor is kept from an earlier one. */
function isUntouched(target: TargetState): boolean {
  return target.steps.every((step) => step.state === "pending");
}

/** An attempt began in some round, so the tree was there. */
function hasWorked(target: TargetState): boolean {
  return target.steps.some((step) => step.attempts.length > 0);
}

function isDone(target: TargetState): boolean {
  return hasEnded(target) && (target.state === "succeeded" || target.skipped === "condition");
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // Not empty, since a tree is kept for a retry, or gone already.
  }
}

/** Whether a target works in a worktree. */
export function usesWorktree(state: RunState, target: TargetState): boolean {
  return target.repository !== null && jobOf(state.plan, target.job).checkout === "worktree";
}
