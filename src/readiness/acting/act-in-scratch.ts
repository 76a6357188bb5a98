import type { CheckContext } from "../context.ts";
import type { Scratch } from "../scratch.ts";
import type { Outcome } from "../types.ts";
import { callCli, type CliCall, type CliResult, type StartedCli, startCli } from "./call-cli.ts";
import { endScratchProcesses } from "./scratch-processes.ts";
import { makeScratchWorkspace, type ScratchWorkspace, type ScratchWorkspaceRequest } from "./scratch-workspace.ts";
import { Unmet } from "./unmet.ts";
import { type LimitChanges, userConfig } from "./user-config.ts";

/** What an acting probe works with: scratch space, and the shipped CLI in it. */
export interface Act {
  readonly context: CheckContext;
  readonly signal: AbortSignal;
  readonly scratch: Scratch;
  /** Makes the workspace of this check, with the user's limits but for those that are named. */
  workspace(request: WorkspaceRequest): Promise<ScratchWorkspace>;
  /** Runs a command in a workspace to its end. */
  call(workspace: ScratchWorkspace, args: readonly string[], more?: MoreOfCall): Promise<CliResult>;
  /** Starts a command in a workspace. */
  start(workspace: ScratchWorkspace, args: readonly string[], more?: MoreOfCall): Promise<StartedCli>;
}

/** What a scratch workspace is to hold. */
export interface WorkspaceRequest extends Omit<ScratchWorkspaceRequest, "config"> {
  /** Limits that take the place of the user's own. */
  readonly limits?: LimitChanges;
  /** Further parts of the configuration: secrets, bindings. */
  readonly config?: Readonly<Record<string, unknown>>;
}

/** Further parts of a call. */
export type MoreOfCall = Pick<CliCall, "env" | "onLine">;

/**
 * Acts in scratch space of its own. Whatever the act leaves running is ended, and an expectation that is not met becomes the
 * answer `fail`.
 *
 * @param name Begins the name of the scratch folder: the id of the check in small letters.
 */
export async function actInScratch(
  context: CheckContext,
  name: string,
  body: (act: Act) => Promise<Outcome>,
): Promise<Outcome> {
  const scratch = await context.scratch(name);
  const act: Act = {
    context,
    signal: context.signal,
    scratch,
    workspace: async ({ limits = {}, config: more = {}, ...request }) => {
      const config = { ...userConfig((await context.config()).config, limits), ...more };
      return await makeScratchWorkspace(scratch, { ...request, config });
    },
    call: async ({ folder }, args, more = {}) => await callCli(context, scratch, { args, folder, ...more }),
    start: async ({ folder }, args, more = {}) => await startCli(context, scratch, { args, folder, ...more }),
  };
  try {
    return await body(act);
  } catch (error) {
    if (error instanceof Unmet) return error.outcome;
    throw error;
  } finally {
    await endScratchProcesses(scratch);
  }
}
