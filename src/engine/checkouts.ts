import { existsSync } from "node:fs";
import { join } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { openWorktree, removeWorktree } from "../repositories/worktree.ts";
import type { Job } from "../workflows/types.ts";
import { jobOf, type PlannedRepository } from "./plan.ts";
import { hasEnded, type RunState, type TargetState } from "./state.ts";

/** Where the steps of a run work: the repository itself, or one worktree for each repository and run, shared by its jobs. */
export class Checkouts {
  readonly #folder: string;

  /** @param folder `.mahavishnu/worktrees` */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The folder in which a target's steps work; a worktree is made when there is none, and made anew when the target begins
   * from its first step and no other job has used it.
   *
   * @throws MahavishnuError REPOSITORY_MISSING, GitError
   */
  async open(
    state: RunState,
    target: TargetState,
    repository: PlannedRepository | null,
    job: Job,
  ): Promise<string | null> {
    if (repository === null) return null;
    if (!existsSync(repository.path))
      throw new MahavishnuError("REPOSITORY_MISSING", `${repository.name}: there is no folder ${repository.path}`);
    if (job.checkout === "inPlace") return repository.path;
    if (repository.base === null) {
      throw new MahavishnuError(
        "REPOSITORY_MISSING",
        `${repository.name} has no commit that a worktree could start from`,
      );
    }
    const folder = this.#pathOf(state, repository);
    const others = targetsOf(state, repository).filter((other) => other !== target);
    const fresh =
      target.steps.every((step) => step.state === "pending") && others.every((other) => other.startedAt === null);
    await openWorktree({ repository: repository.path, folder, commit: repository.base, fresh });
    return folder;
  }

  /** Removes a repository's worktree once all its targets have succeeded; a tree in which something failed is kept for a retry. */
  async giveBack(state: RunState, repository: PlannedRepository): Promise<void> {
    const targets = targetsOf(state, repository);
    const done = targets.every(
      (target) => hasEnded(target) && (target.state === "succeeded" || target.skipped === "condition"),
    );
    const folder = this.#pathOf(state, repository);
    const used = targets.some((target) => jobOf(state.plan, target.job).checkout === "worktree");
    if (done && used && existsSync(folder)) await removeWorktree({ repository: repository.path, folder });
  }

  #pathOf(state: RunState, repository: PlannedRepository): string {
    return join(this.#folder, state.id, repository.name);
  }
}

function targetsOf(state: RunState, repository: PlannedRepository): TargetState[] {
  const jobs = state.plan.workflow.jobs;
  return jobs.flatMap((job) => state.targets.get(`${job.id}/${repository.name}`) ?? []);
}
