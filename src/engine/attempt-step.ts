import { rmSync } from "node:fs";
import { crashPoint } from "../lib/crash-point.ts";
import { formatDuration } from "../lib/duration.ts";
import { messageOf } from "../lib/errors.ts";
import { attemptFileBase, markOf } from "./attempt-names.ts";
import { OutputCapture } from "./capture-output.ts";
import type { Command } from "./command-code.ts";
import { endAfter, Ending } from "./ending.ts";
import { hasCommand } from "./find-command.ts";
import { hasEntries } from "./has-entries.ts";
import { type Judgement, judgeInterruption } from "./judge-interruption.ts";
import type { StepAt } from "./next-step.ts";
import { readOutputs } from "./read-outputs.ts";
import { recordStart } from "./record-start.ts";
import { runAction } from "./run-action.ts";
import { SpawnError } from "./launcher.ts";
import { type PreparedCommand, prepareCommand, type ProcessEnd } from "./run-process.ts";
import type { AttemptResult, AttemptScope, TargetScope } from "./scopes.ts";
import { outputsFileOf, stepEnvironment } from "./step-environment.ts";

/**
 * Makes one attempt of a step: records its start durably, does the work, and says how it ended. The caller records the end.
 *
 * @throws Interruption of kind `release` or `lost`; the attempt is then interrupted, not ended.
 */
export async function attemptStep(target: TargetScope, at: StepAt): Promise<AttemptResult> {
  const { parts } = target.run;
  const number = at.state.attempts.length + 1;
  const timeoutMs = at.step.timeoutMs ?? parts.limits.stepTimeoutMs;
  const { endAttempt, forget } = limitAttempt(target.end, timeoutMs);
  const fileBase = attemptFileBase(target.target, at.step.id, number);
  const scope: AttemptScope = { ...target, at, number, fileBase, endAttempt };
  try {
    const result = at.step.action.kind === "run" ? await runCommand(scope) : await runAction(scope);
    const hasMore = result.state === "succeeded" && hasEntries(at.step.outputs);
    return hideSecrets(scope, hasMore ? await addStepOutputs(scope, result) : result);
  } finally {
    forget?.();
  }
}

/** Without a limit of its own an attempt ends when its target does. */
function limitAttempt(end: Ending, timeoutMs: number | null): { endAttempt: Ending; forget?: () => void } {
  if (timeoutMs === null) return { endAttempt: end };
  const endAttempt = new Ending();
  const stop = endAfter(endAttempt, timeoutMs, () => `timed out after ${formatDuration(timeoutMs)}`);
  const unlink = end.onEnd((why) => endAttempt.end(why));
  const forget = (): void => {
    stop();
    unlink();
  };
  return { endAttempt, forget };
}

/** A command: it begins once the journal knows the process it begins in. */
async function runCommand(scope: AttemptScope): Promise<AttemptResult> {
  const { run, target, at } = scope;
  const { parts } = run;
  const { limits, masking } = parts;
  let prepared: PreparedCommand;
  let missing: () => string | null;
  try {
    await scope.texts.prepareStep(at.step);
    const env = stepEnvironment(scope);
    const command = scope.texts.command(at.step);
    const folder = await scope.texts.workingFolder(at.step, scope.folder ?? run.runFolder);
    prepared = await prepareCommand(parts.launchers, {
      command,
      folder,
      env,
      mark: markOf(run.writer.state.id, target, at.step.id, scope.number),
    });
    missing = () => findMissing(command, folder, env["PATH"] ?? parts.baseEnv["PATH"]);
  } catch (error) {
    return await failBeforeStart(scope, error);
  }
  crashPoint("engine.commandPrepared");
  try {
    await recordStart(scope, prepared.record);
  } catch (error) {
    await prepared.discard();
    throw error;
  }
  crashPoint("engine.stepStarted");
  const file = `${scope.fileBase}.log`;
  const capture = new OutputCapture({
    runFolder: run.runFolder,
    file,
    limit: limits.maxOutputBytes,
    mask: masking.stream(),
  });
  const end = await prepared.run({
    onOutput: (chunk) => capture.write(chunk),
    ending: { end: scope.endAttempt, hurry: run.hurry, graceMs: limits.graceMs },
  });
  crashPoint("engine.stepEnded");
  await unlockAfter(end, scope);
  if (end.interruption !== null) capture.note(`[${end.interruption.message}]`);
  if (end.leftBehind) capture.note("[processes that the command left running were ended]");
  const { record, lastLine, problem } = capture.end();
  crashPoint("engine.outputWritten");
  const outputsFile = outputsFileOf(scope);
  if (end.interruption?.leaves === true) {
    rmSync(outputsFile, { force: true, recursive: true });
    throw end.interruption;
  }
  const lacks = end.exitCode === notFound ? missing() : null;
  const judged = judgeEnd(end, scope, lacks);
  const reason = problem === null ? judged.reason : `${judged.reason}; its output could not be kept: ${problem}`;
  // What the shell says about it says less.
  const kept = { output: record, lastLine: lacks === null ? lastLine : null, exitCode: end.exitCode };
  try {
    const outputs = readOutputs(outputsFile);
    return { ...judged, reason, ...kept, outputs: judged.state === "succeeded" ? outputs : {} };
  } catch (error) {
    if (judged.state !== "succeeded") return { ...judged, reason, ...kept, outputs: {} };
    return { state: "failed", failure: "exit", reason: messageOf(error), ...kept, outputs: {} };
  }
}

/** A git that was killed with the step leaves its locks, over which the next attempt would stumble. */
async function unlockAfter({ interruption, survivors }: ProcessEnd, { run, target }: AttemptScope): Promise<void> {
  // Whoever has taken a lost run over may be at work there already.
  if (interruption === null || interruption.kind === "lost" || survivors.length > 0) return;
  await run.checkouts.unlock(run.writer.state, target);
}

/** An expression, a folder or the start of the process failed: the attempt is recorded all the same. */
async function failBeforeStart(scope: AttemptScope, error: unknown): Promise<AttemptResult> {
  await recordStart(scope, null);
  const { why } = scope.endAttempt;
  const failure = error instanceof SpawnError ? "infrastructure" : "exit";
  // A signal to this process and its group, as Ctrl-C gives it, can reach a process that has not left the group yet.
  const judged =
    why === null ? ({ state: "failed", failure, reason: messageOf(error) } as const) : judgeInterruption(why);
  return { ...judged, exitCode: null, outputs: {}, output: null, lastLine: null };
}

/** The exit code of a shell that finds no command. */
const notFound = 127;

/** The first of a list of words, when there is no such command. A script tells itself what it lacks. */
function findMissing(command: Command, folder: string, path: string | undefined): string | null {
  const name = "words" in command ? command.words[0] : undefined;
  return name === undefined || path === undefined || hasCommand(name, { folder, path }) ? null : name;
}

function judgeEnd(end: ProcessEnd, scope: AttemptScope, missing: string | null): Judgement {
  const { interruption, exitCode } = end;
  if (interruption !== null) {
    const { state, failure, reason } = judgeInterruption(interruption);
    const left = end.survivors.length === 0 ? "" : `; could not be ended: ${end.survivors.join(", ")}`;
    return { state, failure, reason: `${reason}${left}` };
  }
  if (missing !== null) return { state: "failed", failure: "exit", reason: `there is no command "${missing}"` };
  if (exitCode === 0) return { state: "succeeded", failure: null, reason: "exit 0" };
  if (exitCode !== null) return { state: "failed", failure: "exit", reason: `exit ${exitCode}` };
  const reason = `${scope.at.step.id} was ended by ${end.signal ?? "a signal"} from outside`;
  return { state: "failed", failure: "infrastructure", reason };
}

/** The outputs that the workflow defines for the step, added to those it wrote itself. */
async function addStepOutputs(scope: AttemptScope, result: AttemptResult): Promise<AttemptResult> {
  const { texts, at } = scope;
  try {
    return { ...result, outputs: { ...result.outputs, ...(await texts.stepOutputs(at.step, result.outputs)) } };
  } catch (error) {
    return { ...result, state: "failed", failure: "exit", reason: `outputs: ${messageOf(error)}`, outputs: {} };
  }
}

/** What a step says travels in the journal, so it must not carry a secret either. */
function hideSecrets({ run }: AttemptScope, result: AttemptResult): AttemptResult {
  const { masking } = run.parts;
  if (masking.isEmpty) return result;
  const outputs = Object.fromEntries(Object.entries(result.outputs).map(([name, text]) => [name, masking.text(text)]));
  return { ...result, outputs, reason: masking.text(result.reason) };
}
