import { crashPoint } from "../lib/crash-point.ts";
import { formatDuration } from "../lib/duration.ts";
import { MahavishnuError, messageOf } from "../lib/errors.ts";
import { attemptStep } from "./attempt-step.ts";
import type { Outputs } from "./contract.ts";
import { endAfter, type Ending } from "./ending.ts";
import { hasEntries } from "./has-entries.ts";
import { findFailedStep, findNextStep, type StepAt } from "./next-step.ts";
import type { PlannedTarget } from "./plan.ts";
import { completeRule, triesAgain, waitBeforeRetry } from "./retry-rule.ts";
import type { AttemptResult, RunScope, TargetScope } from "./scopes.ts";
import type { TargetState } from "./state.ts";
import { TargetTexts } from "./target-texts.ts";
import { traceWork, type WorkPlace } from "./trace-work.ts";

/**
 * Executes one target from wherever its history stands to its end, whose events wait for the next flush then.
 *
 * @throws Interruption of kind `release` or `lost` when this process must leave the target as it is; StaleOwnerError likewise.
 */
export async function runTarget(run: RunScope, key: string, failedNeed: string | null, end: Ending): Promise<void> {
  const { state } = run.writer;
  const target = state.targets.get(key) as TargetState;
  const planned = run.plannedTargets.get(key) as PlannedTarget;
  const repository = planned.repository === null ? null : (state.plan.repositories[planned.repository] ?? null);
  const job = run.jobs.get(target.job);
  if (job === undefined) throw new Error(`the plan has no job ${target.job}`);
  const { secrets, expressions } = run.parts;
  const texts = new TargetTexts({ state, job, target, repository, secrets }, expressions);
  const scope: TargetScope = { run, planned, repository, job, target, texts, end, folder: null };
  await traceWork({ run: state, target }, () => conductTarget(scope, failedNeed));
  if (repository === null || job.checkout !== "worktree") return;
  await run.writer.flush();
  crashPoint("engine.beforeGiveBack");
  // What cannot be removed now is tried again, and told, at the end of the run: the target itself is done.
  await run.checkouts.giveBack(state, repository).catch(() => undefined);
}

async function conductTarget(scope: TargetScope, failedNeed: string | null): Promise<void> {
  const { run, target, planned, repository, job } = scope;
  const { slots } = run.parts;
  const slot = { isHeld: false };
  let stopClock: (() => void) | undefined;
  try {
    // Time spent waiting for a slot counts neither as the target's nor as running.
    if (!slots.takeNow()) await slots.take(scope.end);
    slot.isHeld = true;
    scope.end.throwIfEnded();
    if (target.state === "queued")
      run.writer.add("target.started", { target: target.key }, { reason: "its turn has come" });
    stopClock = endAfter(scope.end, planned.timeoutMs, () => `timed out after ${formatDuration(planned.timeoutMs)}`);
    if (job.if !== undefined && isSkipped(scope, failedNeed)) return;
    if (repository !== null) {
      // A worktree is made on the ground of what others did, so that must be durable before.
      if (job.checkout === "worktree" && run.writer.hasPending) await run.writer.flush();
      scope.folder = await run.checkouts.open(run.writer.state, target, repository, job);
      scope.texts.setFolder(scope.folder);
    }
    await runSteps(scope, slot);
    scope.end.throwIfEnded();
    const outputs = hasEntries(job.outputs) ? await readJobOutputs(scope) : {};
    scope.end.throwIfEnded();
    finishTarget(scope, outputs);
    crashPoint("engine.targetEnded");
  } catch (error) {
    finishInterrupted(scope, error);
  } finally {
    stopClock?.();
    if (slot.isHeld) slots.give();
  }
}

/** A job's condition is asked once, before its first step. */
function isSkipped({ job, target, texts, run }: TargetScope, failedNeed: string | null): boolean {
  if (!target.steps.every((step) => step.state === "pending")) return false;
  if (texts.jobCondition({ failed: failedNeed !== null })) return false;
  const because = failedNeed === null ? "condition" : "dependency";
  const reason = failedNeed ?? `its condition is false: ${job.if}`;
  run.writer.add("target.skipped", { target: target.key, because }, { reason });
  return true;
}

interface Slot {
  isHeld: boolean;
}

async function runSteps(scope: TargetScope, slot: Slot): Promise<void> {
  const { run, job, target } = scope;
  for (let next = findNextStep(job, target); next !== null; next = findNextStep(job, target)) {
    scope.end.throwIfEnded();
    if (next.step.if !== undefined) await scope.texts.prepareStep(next.step);
    if (!isDue(scope, next)) {
      run.writer.add("step.skipped", { target: target.key, step: next.step.id }, { reason: skipReason(scope, next) });
      continue;
    }
    if (next.state.retryAt !== null) await waitForRetry(scope, next.state.retryAt, slot);
    finishStep(scope, next, await traceWork(placeOf(scope, next), () => attemptStep(scope, next)));
    const following = findNextStep(job, target);
    // The last step's end is written together with its target's, and that of an action with the start of the next one.
    const isCommandNear = next.step.action.kind === "run" || following?.step.action.kind === "run";
    if (following !== null && isCommandNear) await run.writer.flush();
    crashPoint("engine.stepFinished");
  }
}

function placeOf({ run, target }: TargetScope, { step, state }: StepAt): WorkPlace {
  return { run: run.writer.state, target, step: step.id, attempt: state.attempts.length + 1 };
}

/** A waiting step holds no slot: others use the time. */
async function waitForRetry(scope: TargetScope, retryAt: number, slot: Slot): Promise<void> {
  const { clock, slots } = scope.run.parts;
  if (retryAt <= clock.now()) return;
  slots.give();
  slot.isHeld = false;
  await scope.run.writer.flush();
  crashPoint("engine.retryWaiting");
  await clock.sleep(retryAt - clock.now(), scope.end.signal);
  await slots.take(scope.end);
  slot.isHeld = true;
}

/** A step whose attempts have begun goes on whatever its condition says now. */
function isDue({ texts, job, target }: TargetScope, { step, state }: StepAt): boolean {
  if (state.attempts.length > state.earlierAttempts) return true;
  return texts.stepCondition(step, { failed: findFailedStep(job, target) !== null });
}

function skipReason({ job, target }: TargetScope, { step }: StepAt): string {
  const failed = findFailedStep(job, target);
  if (step.if !== undefined) return `its condition is false: ${step.if}`;
  return `${failed?.id ?? "an earlier step"} failed`;
}

/** Records how an attempt ended, and when it is tried again. */
function finishStep(scope: TargetScope, { step, state }: StepAt, result: AttemptResult): void {
  const { run, job, target } = scope;
  const { parts, writer } = run;
  let { reason } = result;
  let retryAt: number | null = null;
  if (result.failure !== null && scope.end.why === null) {
    const rule = completeRule(step.retry, job.retry, parts.limits.retry);
    const made = state.attempts.filter(
      ({ number, state: ended }) => number > state.earlierAttempts && ended !== "interrupted",
    ).length;
    if (triesAgain(rule, result.failure, made)) {
      const wait = waitBeforeRetry(rule, made, parts.random());
      retryAt = parts.clock.now() + wait;
      reason += `; attempt ${made + 1} of ${rule.attempts} in ${formatDuration(wait)}`;
    }
  }
  const { state: ended, failure, exitCode, outputs, output, lastLine } = result;
  const attempt = state.attempts.length;
  const end = { attempt, state: ended, failure, exitCode, outputs, output, lastLine, retryAt };
  writer.add("step.finished", { target: target.key, step: step.id, ...end }, { reason });
}

/** Ends a target whose steps are all over; `outputs` are those of its job, or why there are none. */
function finishTarget(scope: TargetScope, outputs: Outputs | Error): void {
  const failed = findFailedStep(scope.job, scope.target);
  if (failed !== null) endTarget(scope, "failed", `${failed.id}: ${failed.reason ?? "failed"}`);
  else if (outputs instanceof Error) endTarget(scope, "failed", `outputs: ${messageOf(outputs)}`);
  else endTarget(scope, "succeeded", "every step succeeded", { outputs });
}

async function readJobOutputs({ job, target, texts }: TargetScope): Promise<Outputs | Error> {
  if (findFailedStep(job, target) !== null) return {};
  try {
    return await texts.jobOutputs();
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function endTarget(
  { run, target }: TargetScope,
  state: "succeeded" | "failed" | "cancelled",
  reason: string,
  more: { readonly outputs?: Outputs; readonly actor?: string } = {},
): void {
  const { outputs = {}, actor = "engine" } = more;
  const told = { reason: run.parts.masking.text(reason), actor };
  run.writer.add("target.finished", { target: target.key, state, outputs }, told);
}

/** Ends a target that was interrupted, or in which something outside its steps went wrong. */
function finishInterrupted(scope: TargetScope, error: unknown): void {
  const { target, run } = scope;
  const { why } = scope.end;
  if (why?.leaves === true) throw why;
  // An attempt that began has an end in every foreseen case; what is left is a bug or a journal that cannot be written.
  if (target.steps.some((step) => step.state === "running")) throw error;
  if (why === null) {
    if (target.state !== "running" || !isForeseen(error)) throw error;
    endTarget(scope, "failed", messageOf(error));
    return;
  }
  const { actor, message } = why;
  if (why.kind === "cancel") endTarget(scope, "cancelled", message, { actor });
  else if (target.state === "running") endTarget(scope, "failed", message, { actor });
  // A target that waits for its slot has not begun: it cannot fail, but neither will it be done.
  else run.writer.add("target.skipped", { target: target.key, because: "policy" }, { reason: message, actor });
}

/** Failures that belong to the target: its checkout or one of its expressions. A stale owner or a broken store is not one. */
function isForeseen(error: unknown): boolean {
  if (!(error instanceof MahavishnuError)) return true;
  return !["RUN_OWNER_STALE", "RUN_SEQUENCE"].includes(error.code) && !error.code.startsWith("STATE_");
}
