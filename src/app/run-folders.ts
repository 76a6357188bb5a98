import { join } from "node:path";
import type { WorkspacePaths } from "../config/workspace-paths.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { judgeFolder } from "../store/judge-place.ts";

/** The folders in which runs keep their output and their worktrees, absolute. */
export interface RunFolders {
  readonly runsFolder: string;
  readonly worktreesFolder: string;
}

/** Where the runs of a workspace keep what belongs to them. */
export function runFoldersOf({ stateFolder }: Pick<WorkspacePaths, "stateFolder">): RunFolders {
  return { runsFolder: join(stateFolder, "runs"), worktreesFolder: join(stateFolder, "worktrees") };
}

/**
 * Refuses a workspace whose runs could keep nothing, before one begins and fails in every step.
 *
 * @throws MahavishnuError STATE_UNREADABLE, which names the folder at fault.
 */
export function expectRunFolders(paths: Pick<WorkspacePaths, "stateFolder">): void {
  const { runsFolder, worktreesFolder } = runFoldersOf(paths);
  for (const folder of [runsFolder, worktreesFolder]) {
    const problem = judgeFolder(folder);
    if (problem !== undefined) throw new MahavishnuError("STATE_UNREADABLE", problem.message, { fix: problem.fix });
  }
}
