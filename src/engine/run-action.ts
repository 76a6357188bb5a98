import { setTimeout as delay } from "node:timers/promises";
import { messageOf } from "../lib/errors.ts";
import type { AttemptResult, AttemptScope } from "./scopes.ts";
import { OutputCapture } from "./capture-output.ts";
import { type ActionContext, ActionError, type Outputs } from "./contract.ts";
import { interruptionOf } from "./interruption.ts";
import { maskText } from "./mask-secrets.ts";
import { stepEnvironment } from "./step-environment.ts";
import { summarizeRun } from "./summarize-run.ts";

/** A named action, in this process: its start is durable before it does anything. */
export async function runAction(scope: AttemptScope): Promise<AttemptResult> {
  const { writer, target, at, parts } = scope;
  writer.add(
    "step.started",
    { target: target.key, step: at.step.id, attempt: scope.number, process: null },
    { reason: "its turn has come" },
  );
  await writer.flush();
  let capture: OutputCapture | undefined;
  const log = (line: string): void => {
    capture ??= new OutputCapture({
      runFolder: scope.runFolder,
      file: `${scope.fileBase}.log`,
      limit: parts.limits.maxOutputBytes,
      secrets: scope.secretValues,
    });
    capture.note(line);
  };
  let outputs: Outputs = {};
  let error: unknown;
  try {
    outputs = await stopWaiting(callAction(scope, log), scope);
  } catch (thrown) {
    error = thrown ?? new Error("the action failed without saying why");
  }
  const interruption = interruptionOf(scope.endAttempt);
  if (interruption?.kind === "release" || interruption?.kind === "lost") throw interruption;
  const kept = capture?.end() ?? { record: null, lastLine: null };
  const end = { exitCode: null, output: kept.record, lastLine: kept.lastLine };
  if (error === undefined) return { ...end, state: "succeeded", failure: null, outputs, reason: "done" };
  if (interruption?.kind === "cancel")
    return { ...end, state: "cancelled", failure: null, outputs: {}, reason: interruption.message };
  if (interruption !== null)
    return { ...end, state: "failed", failure: "timeout", outputs: {}, reason: interruption.message };
  const failure = error instanceof ActionError ? error.failure : "infrastructure";
  return { ...end, state: "failed", failure, outputs: {}, reason: maskText(messageOf(error), scope.secretValues) };
}

async function callAction(scope: AttemptScope, log: (line: string) => void): Promise<Outputs> {
  const { at, parts, writer, repository, texts } = scope;
  if (at.step.action.kind !== "uses") throw new Error("not an action");
  const action = parts.actions.get(at.step.action.uses);
  if (action === undefined)
    throw new ActionError(`there is no action ${at.step.action.uses}; mahavishnu was upgraded or an adapter is off`);
  const context: ActionContext = {
    runId: writer.state.id,
    workflow: writer.state.plan.workflow.name,
    repository: repository === null ? null : { ...repository, checkout: scope.folder ?? repository.path },
    idempotencyKey: scope.idempotencyKey,
    attempt: scope.number,
    signal: scope.endAttempt,
    environment: () => stepEnvironment(scope, `${scope.runFolder}/${scope.fileBase}.outputs`),
    runFolder: scope.runFolder,
    log,
    summary: () => summarizeRun(writer.state),
  };
  const input = await texts.actionInput(at.step);
  return await action.run(input, context);
}

/** An action that does not heed its signal is left behind after the grace; its late result counts for nothing. */
async function stopWaiting(work: Promise<Outputs>, scope: AttemptScope): Promise<Outputs> {
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => {
    void delay(scope.parts.limits.graceMs, undefined, { ref: false, signal: scope.hurry })
      .catch(() => undefined)
      .then(() => reject(scope.endAttempt.reason));
  };
  scope.endAttempt.addEventListener("abort", giveUp, { once: true });
  try {
    return await Promise.race([work, ended]);
  } finally {
    scope.endAttempt.removeEventListener("abort", giveUp);
  }
}
