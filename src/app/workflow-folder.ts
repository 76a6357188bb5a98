import { relative } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { contextOf } from "../repositories/select-repositories.ts";
import type { WorkflowFolder } from "../workflows/load-workflows.ts";
import type { AppContext } from "./app-context.ts";

/** Where the workspace keeps its workflows, and what they may name. */
export async function describeWorkflowFolder(context: AppContext): Promise<WorkflowFolder> {
  const { paths, workspace, config } = context.loaded;
  return {
    folder: paths.workflows,
    shownAs: relative(workspace, paths.workflows),
    actions: await context.actions(),
    secretNames: Object.keys(config.secrets),
    selectors: await readSelectorContext(context),
  };
}

/** A manifest that is not valid is told where it is used; here it only keeps names of selectors from being checked. */
async function readSelectorContext(context: AppContext): Promise<WorkflowFolder["selectors"]> {
  try {
    return contextOf(await context.fleet(), true);
  } catch (error) {
    if (error instanceof MahavishnuError) return undefined;
    throw error;
  }
}
