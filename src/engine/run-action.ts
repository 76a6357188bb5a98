import { setTimeout as delay } from "node:timers/promises";
import { crashPoint } from "../lib/crash-point.ts";
import { messageOf } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import { endActionProcesses, forgetProcesses, noteProcess } from "./action-processes.ts";
import { idempotencyKeyOf } from "./attempt-names.ts";
import { OutputCapture } from "./capture-output.ts";
import { type ActionContext, ActionError, type Outputs } from "./contract.ts";
import { judgeInterruption } from "./judge-interruption.ts";
import { recordStart } from "./record-start.ts";
import type { AttemptResult, AttemptScope } from "./scopes.ts";
import { stepEnvironment } from "./step-environment.ts";
import { summarizeRun } from "./summarize-run.ts";

/** A named action, in this process: its start is durable before it does anything. */
export async function runAction(scope: AttemptScope): Promise<AttemptResult> {
  await recordStart(scope, null);
  crashPoint("engine.actionStarted");
  const log = new LazyLog(scope);
  const context = new StepContext(scope, log);
  let outputs: Outputs = {};
  let error: unknown;
  try {
    scope.endAttempt.throwIfEnded();
    outputs = await callAction(scope, context);
  } catch (thrown) {
    error = thrown ?? new Error("the action failed without saying why");
  }
  crashPoint("engine.actionEnded");
  const { record, lastLine, problem } = log.end();
  const kept = { exitCode: null, output: record, lastLine };
  const told = (reason: string): string =>
    problem === null ? reason : `${reason}; its output could not be kept: ${problem}`;
  const interruption = scope.endAttempt.why;
  const left = await endLeft(scope, context, interruption !== null && error !== undefined);
  if (interruption?.kind === "lost") throw interruption;
  // What has been done has been done, also when somebody wanted it to end meanwhile.
  if (error === undefined) return { ...kept, state: "succeeded", failure: null, outputs, reason: told("done") };
  if (interruption !== null) {
    const judged = judgeInterruption(interruption);
    return { ...kept, ...judged, reason: `${judged.reason}${left}`, outputs: {} };
  }
  const failure = error instanceof ActionError ? error.failure : "infrastructure";
  return { ...kept, state: "failed", failure, outputs: {}, reason: told(messageOf(error)) };
}

/** Ends what an action has left that had its grace already; gives what could not be ended, in words. */
async function endLeft(scope: AttemptScope, context: StepContext, wasEnded: boolean): Promise<string> {
  const { run, target, at, number } = scope;
  const attempt = { runId: context.runId, runFolder: run.runFolder, target, stepId: at.step.id, number };
  if (wasEnded) {
    const survivors = await endActionProcesses(attempt, 0);
    return survivors.length === 0 ? "" : `; could not be ended: ${survivors.join(", ")}`;
  }
  if (context.hasStarted) forgetProcesses(attempt);
  return "";
}

async function callAction(scope: AttemptScope, context: StepContext): Promise<Outputs> {
  const { at, run } = scope;
  if (at.step.action.kind !== "uses") throw new Error("not an action");
  const { uses } = at.step.action;
  const action = run.parts.actions.get(uses);
  if (action === undefined)
    throw new ActionError(`there is no action ${uses}; mahavishnu was upgraded or an adapter is off`);
  let input: Readonly<Record<string, Json>>;
  try {
    const preparing = scope.texts.prepareStep(at.step);
    if (preparing !== undefined) await preparing;
    input = scope.texts.actionInput(at.step);
  } catch (error) {
    // An expression that fails will fail again: that is the workflow's fault, not the machine's.
    throw new ActionError(messageOf(error), "exit", { cause: error });
  }
  return await heedEnding(action.run(input, context), scope);
}

/** What the action is given; most use little of it, so everything is made when it is asked for. */
class StepContext implements ActionContext {
  readonly #scope: AttemptScope;
  readonly #log: LazyLog;
  readonly runId: string;
  readonly workflow: string;
  readonly attempt: number;
  readonly runFolder: string;
  /** The action has told of a process. */
  hasStarted = false;

  constructor(scope: AttemptScope, log: LazyLog) {
    const { state } = scope.run.writer;
    this.#scope = scope;
    this.#log = log;
    this.runId = state.id;
    this.workflow = state.plan.workflow.name;
    this.attempt = scope.number;
    this.runFolder = scope.run.runFolder;
  }

  get repository(): ActionContext["repository"] {
    const { repository, folder } = this.#scope;
    return repository === null ? null : { ...repository, checkout: folder ?? repository.path };
  }

  get idempotencyKey(): string {
    return idempotencyKeyOf(this.runId, this.#scope.target, this.#scope.at.step.id);
  }

  get signal(): AbortSignal {
    return this.#scope.endAttempt.signal;
  }

  // Functions that can be taken out of the context and called without it.
  get environment(): ActionContext["environment"] {
    return async () => {
      await this.#scope.texts.prepareStep(this.#scope.at.step);
      return { ...this.#scope.run.parts.baseEnv, ...stepEnvironment(this.#scope) };
    };
  }

  get started(): ActionContext["started"] {
    return (pid) => {
      const { target, at } = this.#scope;
      const { runId, runFolder, attempt: number } = this;
      this.hasStarted = true;
      noteProcess({ runId, runFolder, target, stepId: at.step.id, number }, pid);
    };
  }

  get log(): ActionContext["log"] {
    return (line) => this.#log.write(line);
  }

  get summary(): ActionContext["summary"] {
    return () => summarizeRun(this.#scope.run.writer.state);
  }
}

/** An action that does not heed its signal is left behind after the grace; its late result counts for nothing. */
function heedEnding(work: Promise<Outputs>, { endAttempt, run }: AttemptScope): Promise<Outputs> {
  return new Promise((resolve, reject) => {
    const forget = endAttempt.onEnd((why) => {
      void delay(run.parts.limits.graceMs, undefined, { ref: false, signal: run.hurry.signal })
        .catch(() => undefined)
        .then(() => reject(why));
    });
    work.then(
      (outputs) => {
        forget();
        resolve(outputs);
      },
      (error: unknown) => {
        forget();
        reject(error instanceof Error ? error : new Error(String(error)));
      },
    );
  });
}

/** The step's log, opened with its first line: most actions write none. */
class LazyLog {
  readonly #scope: AttemptScope;
  #capture: OutputCapture | undefined;
  #ended = false;

  constructor(scope: AttemptScope) {
    this.#scope = scope;
  }

  write(line: string): void {
    if (this.#ended) return;
    const { run, fileBase } = this.#scope;
    const { limits, masking } = run.parts;
    this.#capture ??= new OutputCapture({
      runFolder: run.runFolder,
      file: `${fileBase}.log`,
      limit: limits.maxOutputBytes,
      mask: masking.stream(),
    });
    this.#capture.note(line);
  }

  end(): ReturnType<OutputCapture["end"]> {
    this.#ended = true;
    return this.#capture?.end() ?? { record: null, lastLine: null, problem: null };
  }
}
