import type { EventRecord } from "../store/contract.ts";
import type { RunEvent } from "./events.ts";
import { findRetryStep } from "./next-step.ts";
import { finallyKey, type Plan, jobOf } from "./plan.ts";
import { type Attempt, hasEnded, isOver, type RunState, type StepState, type TargetState } from "./state.ts";

/** The state of a run after its first event. */
export function beginState(id: string, event: Extract<RunEvent, { type: "run.created" }>): RunState {
  const { plan, traceparent } = event.data;
  const cause = { reason: event.reason, actor: event.actor, at: event.time };
  const targets = new Map<string, TargetState>();
  for (const { key, job, repository } of plan.targets) {
    targets.set(key, {
      key,
      job,
      repository,
      state: "queued",
      cause,
      startedAt: null,
      endedAt: null,
      skipped: null,
      round: 1,
      isAnew: true,
      steps: beginSteps(plan, job),
      outputs: {},
    });
  }
  return {
    id,
    plan,
    state: "queued",
    cause,
    actor: event.actor,
    ...(traceparent === undefined ? {} : { traceparent }),
    createdAt: event.time,
    startedAt: null,
    endedAt: null,
    round: 1,
    roundAt: event.time,
    runSeq: 1,
    targets,
    counts: {
      total: targets.size,
      queued: targets.size,
      running: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      skipped: 0,
    },
  };
}

function beginSteps(plan: Plan, job: string): StepState[] {
  return jobOf(plan, job).steps.map(({ id }) => ({
    id,
    state: "pending",
    reason: null,
    attempts: [],
    outputs: {},
    retryAt: null,
    earlierAttempts: 0,
  }));
}

/** The state that a run's whole history gives. */
export function replay(events: readonly EventRecord[]): RunState {
  const [first, ...rest] = events as unknown as (RunEvent & EventRecord)[];
  if (first?.type !== "run.created") throw new Error("a run's history begins with run.created");
  const state = beginState(first.runId, first);
  for (const event of rest) reduce(state, event);
  return state;
}

/**
 * Applies one event. Deterministic and without any effect but on `state`, which it changes in place: a run of 10,000 targets
 * has 30,000 events, and a copy for each would be quadratic. The same function serves the running engine, recovery and every view.
 *
 * @returns whether the run's row (its state, reason, times or counts) changed.
 * @throws Error on an event that cannot follow from the state: a history that breaks the rules is a bug, never patched over.
 */
export function reduce(state: RunState, event: RunEvent): boolean {
  state.runSeq += 1;
  switch (event.type) {
    case "run.created":
      throw impossible(state, event);
    case "run.started":
      expect(state.state === "queued", state, event);
      state.startedAt ??= event.time;
      return setRun(state, "running", event);
    case "run.cancelling":
      expect(state.state === "queued" || state.state === "running", state, event);
      return setRun(state, "cancelling", event);
    case "run.released":
      expect(state.endedAt === null, state, event);
      return setRun(state, state.state, event);
    case "run.takenOver":
      expect(state.endedAt === null, state, event);
      // A slot that it had may belong to another run by now.
      return setRun(state, event.data.waits === true && state.state === "running" ? "queued" : state.state, event);
    case "run.retried":
      expect(state.endedAt !== null && event.data.targets.length > 0, state, event);
      for (const { key, fromStep } of event.data.targets) {
        const target = targetOf(state, key);
        expect(hasEnded(target), state, event);
        beginRound(state, target, fromStep, event);
      }
      state.endedAt = null;
      state.round += 1;
      state.roundAt = event.time;
      return setRun(state, "queued", event);
    case "run.finished":
      expect(canFinish(state, event.data.state), state, event);
      state.endedAt = event.time;
      return setRun(state, event.data.state, event);
    default:
      expect(state.endedAt === null, state, event);
      return reduceTarget(state, targetOf(state, event.data.target), event);
  }
}

/** A run is over when all its targets are, and cancelled if and only if that was wished. */
function canFinish({ state, counts }: RunState, end: RunState["state"]): boolean {
  if (counts.queued + counts.running > 0 || !isOver(end)) return false;
  return end === "cancelled" ? state === "cancelling" : state === "running";
}

type TargetEvent = Extract<RunEvent, { type: `target.${string}` | `step.${string}` }>;

function reduceTarget(state: RunState, target: TargetState, event: TargetEvent): boolean {
  switch (event.type) {
    case "target.started":
      expect(target.state === "queued" && mayStart(state, target), state, event);
      target.startedAt = event.time;
      return setTarget(state, target, "running", event);
    case "target.skipped":
      expect(canEnd(target, "skipped"), state, event);
      target.endedAt = event.time;
      target.skipped = event.data.because;
      endWaiting(target);
      return setTarget(state, target, "skipped", event);
    case "target.finished":
      expect(canEnd(target, event.data.state), state, event);
      target.endedAt = event.time;
      target.outputs = event.data.outputs;
      endWaiting(target);
      return setTarget(state, target, event.data.state, event);
    default:
      expect(target.state === "running", state, event);
      reduceStep(state, stepOf(target, event.data.step), event);
      return false;
  }
}

/** While a run is being cancelled only `finally` begins. */
function mayStart({ state }: RunState, { key }: TargetState): boolean {
  return state === "running" || (state === "cancelling" && key === finallyKey);
}

/** No target ends while a step of it runs; one that has not begun neither succeeds nor fails. */
function canEnd(target: TargetState, end: TargetState["state"]): boolean {
  if (target.state === "queued") return end === "skipped" || end === "cancelled";
  if (target.state !== "running") return false;
  return target.steps.every(({ state }) =>
    end === "succeeded" ? state === "succeeded" || state === "failed" || state === "skipped" : state !== "running",
  );
}

/** A step that waited for another attempt will not get it. */
function endWaiting(target: TargetState): void {
  for (const step of target.steps)
    if (step.state === "waiting") Object.assign(step, { state: "failed", retryAt: null });
}

function reduceStep(state: RunState, step: StepState, event: Extract<RunEvent, { type: `step.${string}` }>): void {
  switch (event.type) {
    case "step.started":
      expect(step.state === "pending" || step.state === "waiting" || step.state === "interrupted", state, event);
      expect(event.data.attempt === step.attempts.length + 1, state, event);
      step.state = "running";
      step.reason = null;
      step.retryAt = null;
      step.attempts.push({
        number: event.data.attempt,
        startedAt: event.time,
        endedAt: null,
        state: "running",
        reason: null,
        failure: null,
        exitCode: null,
        process: event.data.process,
        output: null,
        lastLine: null,
      });
      return;
    case "step.finished": {
      const attempt = runningAttempt(state, step, event);
      const { state: ended, failure, exitCode, outputs, output, lastLine, retryAt } = event.data;
      Object.assign(attempt, {
        endedAt: event.time,
        state: ended,
        reason: event.reason,
        failure,
        exitCode,
        output,
        lastLine,
      });
      step.state = retryAt === null ? ended : "waiting";
      step.reason = event.reason;
      step.retryAt = retryAt;
      step.outputs = outputs;
      return;
    }
    case "step.interrupted": {
      const attempt = runningAttempt(state, step, event);
      Object.assign(attempt, { endedAt: event.time, state: "interrupted", reason: event.reason });
      step.state = "interrupted";
      step.reason = event.reason;
      return;
    }
    case "step.skipped":
      expect(step.state === "pending", state, event);
      step.state = "skipped";
      step.reason = event.reason;
  }
}

function runningAttempt(state: RunState, step: StepState, event: RunEvent): Attempt {
  const attempt = step.attempts.at(-1);
  if (attempt === undefined || attempt.state !== "running") throw impossible(state, event);
  return attempt;
}

/** A new round of a target: what succeeded stays, from `fromStep` (or the first step that ended badly) all is done again. */
function beginRound(state: RunState, target: TargetState, fromStep: string | null, event: RunEvent): void {
  const named = target.steps.findIndex((step) => step.id === fromStep);
  const from = named === -1 ? findRetryStep(jobOf(state.plan, target.job), target) : named;
  for (const step of target.steps.slice(from)) {
    Object.assign(step, {
      state: "pending",
      reason: null,
      outputs: {},
      retryAt: null,
      earlierAttempts: step.attempts.length,
    });
  }
  const round = { round: target.round + 1, isAnew: named === 0 };
  Object.assign(target, { startedAt: null, endedAt: null, skipped: null, outputs: {}, ...round });
  setTarget(state, target, "queued", event);
}

function setRun(state: RunState, status: RunState["state"], event: RunEvent): true {
  state.state = status;
  state.cause = { reason: event.reason, actor: event.actor, at: event.time };
  return true;
}

function setTarget(state: RunState, target: TargetState, status: TargetState["state"], event: RunEvent): true {
  state.counts[target.state] -= 1;
  state.counts[status] += 1;
  target.state = status;
  target.cause = { reason: event.reason, actor: event.actor, at: event.time };
  return true;
}

function targetOf(state: RunState, key: string): TargetState {
  const target = state.targets.get(key);
  if (target === undefined) throw new Error(`run ${state.id} has no target ${key}`);
  return target;
}

function stepOf(target: TargetState, id: string): StepState {
  const step = target.steps.find((candidate) => candidate.id === id);
  if (step === undefined) throw new Error(`target ${target.key} has no step ${id}`);
  return step;
}

function expect(holds: boolean, state: RunState, event: RunEvent): void {
  if (!holds) throw impossible(state, event);
}

function impossible(state: RunState, event: RunEvent): Error {
  return new Error(
    `run ${state.id}: event ${state.runSeq} (${event.type} ${JSON.stringify(event.data)}) cannot follow in state ${state.state}`,
  );
}
