import type { Act, MoreOfCall } from "./act-in-scratch.ts";
import { readRunDocument, type RunDocument } from "./run-document.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";
import { expectSame } from "./unmet.ts";

/** A run that is over, with the exit code of the command that followed it. */
export interface EndedRun {
  readonly run: RunDocument;
  readonly exitCode: number | null;
}

/**
 * Runs a command that ends with a run as its one document: `run`, `runs resume ID`, `runs retry ID`.
 *
 * @throws Unmet when there is no such document.
 */
export async function runToEnd(
  act: Act,
  workspace: ScratchWorkspace,
  args: readonly string[],
  more: MoreOfCall = {},
): Promise<EndedRun> {
  const result = await act.call(workspace, [...args, "-o", "json"], more);
  return { run: readRunDocument(result), exitCode: result.exitCode };
}

/** A run as another process reads it. */
export async function showRun(act: Act, workspace: ScratchWorkspace, id: string): Promise<RunDocument> {
  return readRunDocument(await act.call(workspace, ["runs", "show", id, "-o", "json"]));
}

/**
 * Goes on only when two documents tell the same run. A document of its own carries its version, one in a stream does not.
 *
 * @throws Unmet that shows both.
 */
export function expectSameRun(observed: RunDocument, expected: RunDocument, reason: string): void {
  expectSame(withoutVersion(observed), withoutVersion(expected), reason);
}

function withoutVersion(run: RunDocument): Record<string, unknown> {
  return Object.fromEntries(Object.entries(run).filter(([key]) => key !== "schemaVersion"));
}
