import { join } from "node:path";
import { crashPoint } from "../lib/crash-point.ts";
import { formatDuration } from "../lib/duration.ts";
import { messageOf } from "../lib/errors.ts";
import { OutputCapture } from "./capture-output.ts";
import { Interruption, interruptionOf } from "./interruption.ts";
import type { StepAt } from "./next-step.ts";
import { readOutputs } from "./read-outputs.ts";
import { type GatedProcess, type ProcessEnd, spawnGated } from "./run-process.ts";
import type { AttemptResult, AttemptScope, TargetScope } from "./scopes.ts";
import { runAction } from "./run-action.ts";
import { stepEnvironment } from "./step-environment.ts";

/**
 * Makes one attempt of a step: records its start durably, does the work, and says how it ended. The caller records the end.
 *
 * @throws Interruption of kind `release` or `lost`; the attempt is then interrupted, not ended.
 */
export async function attemptStep(target: TargetScope, at: StepAt): Promise<AttemptResult> {
  const { parts, writer } = target;
  const timeoutMs = at.step.timeoutMs ?? parts.limits.stepTimeoutMs;
  const ending = new AbortController();
  const passOn = (): void => ending.abort(target.end.reason);
  target.end.addEventListener("abort", passOn, { once: true });
  const timer =
    timeoutMs === null
      ? undefined
      : setTimeout(
          () => ending.abort(new Interruption("timeout", `timed out after ${formatDuration(timeoutMs)}`)),
          timeoutMs,
        );
  const scope: AttemptScope = {
    ...target,
    at,
    number: at.state.attempts.length + 1,
    idempotencyKey: `${writer.state.id}/${target.target.key}/${at.step.id}`,
    fileBase: join(target.job.id, target.repository?.name ?? "once", `${at.step.id}.${at.state.attempts.length + 1}`),
    runFolder: join(parts.runsFolder, writer.state.id),
    secretValues: [...parts.secrets.values()].map((secret) => secret.reveal()),
    endAttempt: ending.signal,
  };
  try {
    const result = at.step.action.kind === "run" ? await runCommand(scope) : await runAction(scope);
    return await addStepOutputs(scope, result);
  } finally {
    clearTimeout(timer);
    target.end.removeEventListener("abort", passOn);
  }
}

/** A command: held behind its gate until the journal knows its process. */
async function runCommand(scope: AttemptScope): Promise<AttemptResult> {
  const { writer, target, at, parts } = scope;
  const outputsFile = join(scope.runFolder, `${scope.fileBase}.outputs`);
  let gated: GatedProcess;
  try {
    const env = await stepEnvironment(scope, outputsFile);
    const command = await scope.texts.command(at.step);
    const folder = await scope.texts.workingFolder(at.step, scope.folder ?? scope.runFolder);
    gated = await spawnGated({ command, folder, env, idempotencyKey: scope.idempotencyKey });
  } catch (error) {
    return await failBeforeStart(scope, error);
  }
  crashPoint("engine.gateClosed");
  writer.add(
    "step.started",
    { target: target.key, step: at.step.id, attempt: scope.number, process: gated.record },
    { reason: "its turn has come" },
  );
  try {
    await writer.flush();
  } catch (error) {
    await gated.discard();
    throw error;
  }
  crashPoint("engine.stepStarted");
  const capture = new OutputCapture({
    runFolder: scope.runFolder,
    file: `${scope.fileBase}.log`,
    limit: parts.limits.maxOutputBytes,
    secrets: scope.secretValues,
  });
  const end = await gated.run({
    onOutput: (chunk) => capture.write(chunk),
    ending: { end: scope.endAttempt, hurry: scope.hurry, graceMs: parts.limits.graceMs },
  });
  crashPoint("engine.stepEnded");
  const interruption = interruptionOf(scope.endAttempt);
  if (interruption !== null) capture.note(`[${interruption.message}]`);
  if (end.leftBehind) capture.note("[processes that the command left running were ended]");
  const { record, lastLine } = capture.end();
  if (interruption?.kind === "release" || interruption?.kind === "lost") throw interruption;
  const judged = judgeEnd(end, interruption, scope);
  const kept = { output: record, lastLine, exitCode: end.exitCode };
  if (judged.state !== "succeeded") return { ...judged, ...kept, outputs: {} };
  try {
    return { ...judged, ...kept, outputs: readOutputs(outputsFile) };
  } catch (error) {
    return { state: "failed", failure: "exit", reason: messageOf(error), ...kept, outputs: {} };
  }
}

/** An expression, a folder or the start of the process failed: the attempt is recorded all the same. */
async function failBeforeStart(scope: AttemptScope, error: unknown): Promise<AttemptResult> {
  scope.writer.add(
    "step.started",
    { target: scope.target.key, step: scope.at.step.id, attempt: scope.number, process: null },
    { reason: "its turn has come" },
  );
  await scope.writer.flush();
  const system = (error as { syscall?: unknown }).syscall !== undefined;
  return {
    state: "failed",
    failure: system ? "infrastructure" : "exit",
    exitCode: null,
    outputs: {},
    output: null,
    lastLine: null,
    reason: messageOf(error),
  };
}

function judgeEnd(
  end: ProcessEnd,
  interruption: Interruption | null,
  scope: AttemptScope,
): Pick<AttemptResult, "state" | "failure" | "reason"> {
  const survivors = end.survivors.length === 0 ? "" : `; could not be ended: ${end.survivors.join(", ")}`;
  if (interruption?.kind === "cancel")
    return { state: "cancelled", failure: null, reason: `${interruption.message}${survivors}` };
  if (interruption !== null)
    return { state: "failed", failure: "timeout", reason: `${interruption.message}${survivors}` };
  if (end.exitCode === 0) return { state: "succeeded", failure: null, reason: "exit 0" };
  if (end.exitCode !== null) return { state: "failed", failure: "exit", reason: `exit ${end.exitCode}` };
  return {
    state: "failed",
    failure: "infrastructure",
    reason: `${scope.at.step.id} was ended by ${end.signal ?? "a signal"} from outside`,
  };
}

/** The outputs that the workflow defines for the step, added to those it wrote itself. */
async function addStepOutputs(scope: AttemptScope, result: AttemptResult): Promise<AttemptResult> {
  const { step } = scope.at;
  if (result.state !== "succeeded" || Object.keys(step.outputs).length === 0) return result;
  try {
    return { ...result, outputs: { ...result.outputs, ...(await scope.texts.stepOutputs(step, result.outputs)) } };
  } catch (error) {
    return { ...result, state: "failed", failure: "exit", reason: `outputs: ${messageOf(error)}`, outputs: {} };
  }
}
