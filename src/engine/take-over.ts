import { join } from "node:path";
import { MahavishnuError } from "../lib/errors.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { endActionProcesses } from "./action-processes.ts";
import { markOf } from "./attempt-names.ts";
import { Checkouts } from "./checkouts.ts";
import { endLeftovers } from "./end-processes.ts";
import type { EngineParts } from "./engine-parts.ts";
import { endOrphans } from "../repositories/end-orphans.ts";
import type { RunWriter } from "./run-writer.ts";
import type { StepState, TargetState } from "./state.ts";

/**
 * Ends what a dead owner left: its processes first, with the locks that they held in worktrees, then its running attempts in
 * the history. Resolves when that is durable, and only then may a new attempt begin. With `waits` the run goes back to those that
 * wait for a run slot, in its old place.
 *
 * @throws MahavishnuError RUN_LEFTOVERS when a process cannot be ended; nothing has been written then.
 */
export async function takeOver(parts: EngineParts, writer: RunWriter, waits: boolean): Promise<void> {
  const { state } = writer;
  const running = [...state.targets.values()].flatMap((target) =>
    target.state !== "running"
      ? []
      : target.steps.filter((step) => step.state === "running").map((step) => ({ target, step })),
  );
  const survivors = await Promise.all(running.map(({ target, step }) => endAttempt(parts, state.id, target, step)));
  const left = survivors.flat();
  if (left.length > 0) {
    const pids = left.join(", ");
    throw new MahavishnuError(
      "RUN_LEFTOVERS",
      `processes of run ${state.id} that its dead owner left cannot be ended: ${pids}`,
    );
  }
  // One that was about to make a worktree belongs to no attempt.
  if (state.plan.workflow.jobs.some(({ checkout }) => checkout === "worktree")) {
    await endOrphans(join(parts.worktreesFolder, state.id));
  }
  crashPoint("engine.leftoversEnded");
  const checkouts = new Checkouts(parts);
  for (const { target } of running) await checkouts.unlock(state, target);
  const taken = { pid: parts.owner.pid, ...(waits ? { waits } : {}) };
  writer.add("run.takenOver", taken, { reason: "its owner is gone" });
  for (const { target, step } of running) {
    const at = { target: target.key, step: step.id };
    writer.add("step.interrupted", at, { reason: "the process that ran it is gone" });
  }
  await writer.flush();
  crashPoint("engine.takenOver");
}

async function endAttempt(parts: EngineParts, runId: string, target: TargetState, step: StepState): Promise<number[]> {
  const attempt = step.attempts.at(-1);
  if (attempt === undefined) return [];
  const { number, process } = attempt;
  const { graceMs } = parts.limits;
  if (process !== null) return await endLeftovers([process], markOf(runId, target, step.id, number), graceMs);
  const runFolder = join(parts.runsFolder, runId);
  return await endActionProcesses({ runId, runFolder, target, stepId: step.id, number }, graceMs);
}
