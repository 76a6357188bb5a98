import { dirname, join } from "node:path";
import type { WorkspacePaths } from "../../../config/workspace-paths.ts";

/** The folders in which a workspace keeps what it writes: state, database, output of runs, and worktrees. Each once. */
export function listStateFolders({ stateFolder, stateFile }: WorkspacePaths): readonly string[] {
  const folders = [stateFolder, dirname(stateFile), join(stateFolder, "runs"), join(stateFolder, "worktrees")];
  return [...new Set(folders)];
}
