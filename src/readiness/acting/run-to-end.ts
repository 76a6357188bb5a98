import type { Act, MoreOfCall } from "./act-in-scratch.ts";
import { readRunDocument, type RunDocument } from "./run-document.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";
import { expectSame, Unmet } from "./unmet.ts";

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

/** Goes on only when a run has succeeded. @throws Unmet that says how it ended, and why what did not succeed did not. */
export function expectSucceeded({ run, exitCode }: EndedRun, reason: string): void {
  if (run.state === "succeeded" && exitCode === 0) return;
  const causes = run.targets.flatMap((target) => {
    return target.state === "succeeded" ? [] : [`${target.key} ${target.state}: ${target.reason}`];
  });
  const observed = [`exit ${exitCode}, ${run.state}: ${run.reason}`, ...causes].join("; ");
  throw new Unmet(reason, { expected: "exit 0, succeeded", observed });
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
