import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Plan, PlannedRepository } from "../../engine/plan.ts";
import { messageOf } from "../../lib/errors.ts";
import { isCheckoutDirty } from "../../repositories/checkout-changes.ts";
import { assertStillContained } from "../../repositories/containment.ts";
import { runGit } from "../../repositories/run-git.ts";
import { removeWorktree } from "../../repositories/worktree.ts";
import type { PurgeTools } from "./purge-parts.ts";

/** A tree that a run had kept and that is gone now. */
export interface RemovedTree {
  readonly repository: string;
  /** There was work in it that is nowhere else: changes, or commits that no branch has. */
  readonly hadWork: boolean;
  /** Why its repository still knows of it; null when all is gone. */
  readonly problem: string | null;
}

/**
 * Removes what a run that is forgotten has kept for a retry, with what the repositories know of it. A repository that is not there any
 * more, or lies outside, is left alone: only the folder goes, which is ours.
 *
 * @param plan null when it is not known any more: the folders go alone
 */
export async function removeTrees(
  { worktreesFolder, allowedRoots }: PurgeTools,
  runId: string,
  plan: Pick<Plan, "repositories"> | null,
): Promise<RemovedTree[]> {
  const parent = join(worktreesFolder, runId);
  if (!existsSync(parent)) return [];
  const removed: RemovedTree[] = [];
  for (const repository of Object.values(plan?.repositories ?? {})) {
    const folder = join(parent, repository.name);
    // After a crash the folder may be gone of which the repository still knows.
    const isThere = existsSync(folder);
    const hadWork = isThere && (await hasWork(folder));
    const problem = await removeTree(repository, folder, allowedRoots);
    if (isThere) removed.push({ repository: repository.name, hadWork, problem });
  }
  await rm(parent, { recursive: true, force: true, maxRetries: 3 });
  return removed;
}

async function removeTree(
  repository: PlannedRepository,
  folder: string,
  allowedRoots: PurgeTools["allowedRoots"],
): Promise<string | null> {
  try {
    await assertStillContained(repository, await allowedRoots());
    await removeWorktree({ repository: repository.path, folder });
    return null;
  } catch (error) {
    return messageOf(error);
  }
}

/** What cannot be looked at counts as work: too much said is better than too little. */
async function hasWork(folder: string): Promise<boolean> {
  try {
    if (await isCheckoutDirty(folder)) return true;
    const args = ["rev-list", "--max-count=1", "HEAD", "--not", "--branches", "--tags", "--remotes"];
    return (await runGit({ folder, args })).stdout.length > 0;
  } catch {
    return true;
  }
}
