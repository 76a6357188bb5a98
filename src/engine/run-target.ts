import { messageOf } from "../lib/errors.ts";
import { formatDuration } from "../lib/duration.ts";
import { attemptStep } from "./attempt-step.ts";
import type { Outputs } from "./contract.ts";
import { Interruption, interruptionOf } from "./interruption.ts";
import { findFailedStep, findNextStep, type StepAt } from "./next-step.ts";
import { jobOf, type PlannedTarget } from "./plan.ts";
import { completeRule, triesAgain, waitBeforeRetry } from "./retry-rule.ts";
import type { AttemptResult, RunScope, TargetScope } from "./scopes.ts";
import type { TargetState } from "./state.ts";
import { createTargetTexts } from "./target-texts.ts";

/**
 * Executes one target from wherever its history stands to its end.
 *
 * @throws Interruption of kind `release` or `lost` when this process must leave the target as it is; StaleOwnerError likewise.
 */
export async function runTarget(
  run: RunScope,
  key: string,
  failedNeed: string | null,
  end: AbortController,
): Promise<void> {
  const { writer, parts } = run;
  const { state } = writer;
  const target = state.targets.get(key) as TargetState;
  const planned = run.plannedTargets.get(key) as PlannedTarget;
  const repository = planned.repository === null ? null : (state.plan.repositories[planned.repository] ?? null);
  const job = jobOf(state.plan, target.job);
  const { secrets, expressions } = parts;
  const texts = createTargetTexts({ state, job, target, repository, secrets, expressions, folder: () => scope.folder });
  const scope: TargetScope = { ...run, planned, repository, job, target, texts, end: end.signal, folder: null };
  if (target.state === "queued") writer.add("target.started", { target: key }, { reason: "its turn has come" });
  const timer = setTimeout(() => {
    end.abort(new Interruption("timeout", `timed out after ${formatDuration(planned.timeoutMs)}`));
  }, planned.timeoutMs);
  try {
    await conductTarget(scope, failedNeed);
  } finally {
    clearTimeout(timer);
  }
  await writer.flush();
  if (repository !== null) await run.checkouts.giveBack(state, repository);
}

async function conductTarget(scope: TargetScope, failedNeed: string | null): Promise<void> {
  const { writer, job, target, texts, parts } = scope;
  let holdsSlot = false;
  try {
    if (job.if !== undefined && target.steps.every((step) => step.state === "pending")) {
      const holds = await texts.jobCondition({ failed: failedNeed !== null });
      if (!holds) {
        const because = failedNeed === null ? "condition" : "dependency";
        writer.add(
          "target.skipped",
          { target: target.key, because },
          { reason: failedNeed ?? `its condition is false: ${job.if}` },
        );
        return;
      }
    }
    holdsSlot = await takeSlot(scope);
    scope.folder = await scope.checkouts.open(writer.state, target, scope.repository, job);
    for (let next = findNextStep(job, target); next !== null; next = findNextStep(job, target)) {
      throwIfEnded(scope);
      if (!(await isDue(scope, next))) {
        writer.add("step.skipped", { target: target.key, step: next.step.id }, { reason: skipReason(scope, next) });
        continue;
      }
      if (next.state.retryAt !== null && next.state.retryAt > parts.clock.now()) {
        // A waiting step holds no slot: others use the time.
        parts.slots.give();
        holdsSlot = false;
        await writer.flush();
        await parts.clock.sleep(next.state.retryAt - parts.clock.now(), scope.end);
        holdsSlot = await takeSlot(scope);
      }
      finishStep(scope, next, await attemptStep(scope, next));
      // What comes next may take long; the last step's end is written together with its target's.
      if (next.step.action.kind === "run" && findNextStep(job, target) !== null) await writer.flush();
    }
    await finishTarget(scope);
  } catch (error) {
    finishInterrupted(scope, interruptionOf(scope.end) ?? error);
  } finally {
    if (holdsSlot) parts.slots.give();
  }
}

async function takeSlot(scope: TargetScope): Promise<true> {
  if (!scope.parts.slots.takeNow()) {
    await scope.writer.flush();
    await scope.parts.slots.take(scope.end);
  }
  return true;
}

function throwIfEnded(scope: TargetScope): void {
  const interruption = interruptionOf(scope.end);
  if (interruption !== null) throw interruption;
}

async function isDue(scope: TargetScope, { step, state }: StepAt): Promise<boolean> {
  if (state.attempts.length > state.earlierAttempts) return true;
  return await scope.texts.stepCondition(step, { failed: findFailedStep(scope.job, scope.target) !== null });
}

function skipReason(scope: TargetScope, { step }: StepAt): string {
  const failed = findFailedStep(scope.job, scope.target);
  if (step.if !== undefined) return `its condition is false: ${step.if}`;
  return `${failed?.id ?? "an earlier step"} failed`;
}

/** Records how an attempt ended, and when it is tried again. */
function finishStep(scope: TargetScope, { step, state }: StepAt, result: AttemptResult): void {
  const { parts, job, target, writer } = scope;
  const rule = completeRule(step.retry, job.retry, parts.limits.retry);
  const made = state.attempts.filter(
    (attempt) => attempt.number > state.earlierAttempts && attempt.state !== "interrupted",
  ).length;
  const again = result.failure !== null && !scope.end.aborted && triesAgain(rule, result.failure, made);
  const wait = again ? waitBeforeRetry(rule, made, parts.random()) : null;
  writer.add(
    "step.finished",
    {
      target: target.key,
      step: step.id,
      attempt: state.attempts.length,
      state: result.state,
      failure: result.failure,
      exitCode: result.exitCode,
      outputs: result.outputs,
      output: result.output,
      lastLine: result.lastLine,
      retryAt: wait === null ? null : parts.clock.now() + wait,
    },
    {
      reason:
        wait === null
          ? result.reason
          : `${result.reason}; attempt ${made + 1} of ${rule.attempts} in ${formatDuration(wait)}`,
    },
  );
}

async function finishTarget(scope: TargetScope): Promise<void> {
  const { job, target, texts, writer } = scope;
  throwIfEnded(scope);
  const failed = findFailedStep(job, target);
  if (failed !== null) {
    writer.add(
      "target.finished",
      { target: target.key, state: "failed", outputs: {} },
      { reason: `${failed.id}: ${failed.reason ?? "failed"}` },
    );
    return;
  }
  let outputs: Outputs;
  try {
    outputs = await texts.jobOutputs();
  } catch (error) {
    writer.add(
      "target.finished",
      { target: target.key, state: "failed", outputs: {} },
      { reason: `outputs: ${messageOf(error)}` },
    );
    return;
  }
  writer.add(
    "target.finished",
    { target: target.key, state: "succeeded", outputs },
    { reason: "every step succeeded" },
  );
}

/** Ends a target that was interrupted, or in which something outside its steps went wrong. */
function finishInterrupted(scope: TargetScope, error: unknown): void {
  const { target, writer } = scope;
  if (error instanceof Interruption) {
    if (error.kind === "release" || error.kind === "lost") throw error;
    const state = error.kind === "cancel" ? "cancelled" : "failed";
    writer.add(
      "target.finished",
      { target: target.key, state, outputs: {} },
      { reason: error.message, actor: error.actor },
    );
    return;
  }
  if (target.steps.some((step) => step.state === "running") || !isForeseen(error)) throw error;
  writer.add("target.finished", { target: target.key, state: "failed", outputs: {} }, { reason: messageOf(error) });
}

/** Failures that belong to the target: its checkout or one of its expressions. A stale owner or a broken store is not one. */
function isForeseen(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return code !== "RUN_OWNER_STALE" && code !== "RUN_SEQUENCE" && !String(code).startsWith("STATE_");
}
