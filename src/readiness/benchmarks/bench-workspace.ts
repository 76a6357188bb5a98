import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { AppContext } from "../../app/app-context.ts";
import { openApp } from "../../app/open-app.ts";
import { perform } from "../../app/perform.ts";
import { startRun } from "../../app/use-cases/start-run.ts";
import { loadConfig } from "../../config/load-config.ts";
import { makeScratchWorkspace, type ScratchWorkspaceRequest } from "../acting/scratch-workspace.ts";
import { userConfig } from "../acting/user-config.ts";
import type { CheckContext } from "../context.ts";
import type { Scratch } from "../scratch.ts";

/** A scratch workspace that is open in this process, so that no figure holds the start of a command. */
export interface BenchWorkspace extends AsyncDisposable {
  readonly folder: string;
  readonly app: AppContext;
  /** Opens the workspace once more, with nothing of it loaded yet. */
  reopen(): Promise<AppContext>;
}

/**
 * Makes a workspace with the user's own limits and opens it as its owner.
 *
 * @param scratch Where: on the disk of the state (`context.stateScratch`) when the figure holds what is made durable.
 */
export async function openBenchWorkspace(
  context: CheckContext,
  scratch: Scratch,
  request: Omit<ScratchWorkspaceRequest, "config">,
): Promise<BenchWorkspace> {
  const config = userConfig((await context.config()).config);
  const { folder } = await makeScratchWorkspace(scratch, { ...request, config });
  const env = { ...context.environment, TMPDIR: join(folder, ".tmp") };
  await mkdir(env.TMPDIR, { recursive: true });
  const loaded = await loadConfig({ workspace: folder, env: {}, set: [] });
  const app = openApp({ loaded, env });
  return {
    folder,
    app,
    reopen: async () => await Promise.resolve(openApp({ loaded, env })),
    [Symbol.asyncDispose]: async () => {
      await app[Symbol.asyncDispose]();
    },
  };
}

/** A job of steps that do nothing, without a repository. */
export function idleWorkflow(steps: number): Readonly<Record<string, unknown>> {
  return { jobs: { idle: { steps: Array.from({ length: steps }, () => ({ run: ["true"], retry: 1 })) } } };
}

/**
 * Starts a run as a user does, through the door, and waits until its end is durable.
 *
 * @throws Error when it does not succeed: a failure is never a fast sample.
 */
export async function runOnce(app: AppContext, workflow: string): Promise<void> {
  const { handle } = await perform(app, startRun, { workflow, inputs: {} });
  if (handle === null) throw new Error(`no run of ${workflow} was begun`);
  const { state, cause } = await handle.done;
  if (state !== "succeeded") throw new Error(`a run of ${workflow} ended as ${state}: ${cause.reason}`);
}

/** Milliseconds that some work takes, on a clock that only goes forward. */
export async function time(work: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await work();
  return performance.now() - begin;
}
