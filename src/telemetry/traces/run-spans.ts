import { parseTraceparent, traceOfRun } from "../../lib/trace-context.ts";
import type { EmitSpan, EndedSpan, SpanAttributes } from "./span.ts";
import { attemptSpanId, jobSpanId, runSpanId, stepSpanId, targetSpanId } from "./span-ids.ts";
import type { TracedEvent, TracedRun, TracedStep, TracedTarget } from "./traced-run.ts";

/**
 * Makes the spans of runs when what they are about has ended, out of what has been written durably: ids from names, times from events.
 * A process that takes a run over needs to know nothing of what the one before has sent.
 *
 * @example
 * const spans = new RunSpans(1, (span) => sender.send(span));
 * app.observeRuns((run, events) => spans.observe(run, events));
 */
export class RunSpans {
  readonly #ratio: number;
  readonly #emit: EmitSpan;
  readonly #rounds = new WeakMap<TracedRun, RunRound>();

  /** @param ratio which part of the runs is traced, from 0 to 1 */
  constructor(ratio: number, emit: EmitSpan) {
    this.#ratio = ratio;
    this.#emit = emit;
  }

  /** Takes events of a run that are durable. The run's state may be ahead of them. */
  observe(run: TracedRun, events: readonly TracedEvent[]): void {
    let round = this.#rounds.get(run);
    if (round === undefined || round.number !== run.round) {
      round = new RunRound(run, events, this.#ratio, this.#emit);
      this.#rounds.set(run, round);
    }
    if (round.isSampled) for (const event of events) round.take(event);
  }
}

/** A reason is told in full in the history of the run. */
const longestReason = 1_000;

/** One round of a run: from when it was asked for to its end. */
class RunRound {
  readonly number: number;
  readonly isSampled: boolean;
  readonly #run: TracedRun;
  readonly #emit: EmitSpan;
  readonly #traceId: string;
  readonly #spanId: string;
  readonly #parent: Pick<EndedSpan, "parentId" | "isParentRemote">;
  readonly #about: SpanAttributes;
  /** Targets of each job whose end has not been told yet. */
  readonly #left = new Map<string, Set<string>>();
  /** The step of a target that has begun and not ended; there is one at most. */
  readonly #open = new Map<string, string>();

  constructor(run: TracedRun, events: readonly TracedEvent[], ratio: number, emit: EmitSpan) {
    const { id, round, plan } = run;
    const trace = traceOfRun(id, run.traceparent, ratio);
    this.number = round;
    this.isSampled = trace.sampled;
    this.#run = run;
    this.#emit = emit;
    this.#traceId = trace.traceId;
    this.#spanId = runSpanId(id, round);
    const asker = run.traceparent === undefined ? null : parseTraceparent(run.traceparent);
    // A later round belongs to the first one: a trace has one root.
    if (round > 1) this.#parent = { parentId: runSpanId(id, 1) };
    else this.#parent = asker === null ? { parentId: null } : { parentId: asker.spanId, isParentRemote: true };
    this.#about = {
      "mahavishnu.run.id": id,
      "mahavishnu.workflow": plan.workflow.name,
      "mahavishnu.revision": plan.workflow.revision,
    };
    if (this.isSampled) this.#readOpen(events);
  }

  /** What has ended before this process had the run has been told by another; what ends with these events is told now. */
  #readOpen(events: readonly TracedEvent[]): void {
    const isNew = events[0]?.type === "run.created";
    const ending = new Set(
      events.flatMap(({ type, data }) => (endsTarget.has(type) && "target" in data ? [data["target"]] : [])),
    );
    for (const target of this.#run.targets.values()) {
      const { key, job } = target;
      if (!isNew && target.endedAt !== null && !ending.has(key)) continue;
      const left = this.#left.get(job);
      if (left === undefined) this.#left.set(job, new Set([key]));
      else left.add(key);
      const open = target.steps.find(({ state }) => openStates.has(state));
      if (open !== undefined) this.#open.set(key, open.id);
    }
  }

  take(event: TracedEvent): void {
    switch (event.type) {
      case "run.finished":
        this.#endRun(event);
        break;
      case "target.finished":
        this.#endTarget(event, event.data.state);
        break;
      case "target.skipped":
        this.#endTarget(event, "skipped");
        break;
      case "step.started":
        this.#open.set(event.data.target, event.data.step);
        break;
      case "step.finished": {
        const { target, step, attempt, state, exitCode, failure, retryAt } = event.data;
        this.#endAttempt(event, attempt, state, {
          "process.exit.code": exitCode ?? undefined,
          "error.type": failure ?? undefined,
        });
        if (retryAt === null) this.#endStep(event, target, step, state);
        break;
      }
      case "step.interrupted": {
        // The step goes on with another attempt, or ends with its target.
        const number = this.#stepOf(event.data.target, event.data.step)?.attempts.length ?? 1;
        this.#endAttempt(event, number, "interrupted", { "error.type": "interrupted" });
        break;
      }
      case "step.skipped":
        this.#endStep(event, event.data.target, event.data.step, "skipped");
        break;
      default:
    }
  }

  #endRun({ time, reason, data }: Extract<TracedEvent, { type: "run.finished" }>): void {
    const { id, plan, roundAt, startedAt, actor } = this.#run;
    const { name } = plan.workflow;
    this.#send({
      ...this.#parent,
      spanId: this.#spanId,
      name: `run ${name}`,
      kind: "server",
      start: roundAt,
      end: time,
      outcome: data.state,
      reason,
      attributes: {
        "mahavishnu.actor": actor,
        "mahavishnu.round": this.number,
        "cicd.pipeline.name": name,
        "cicd.pipeline.run.id": id,
        "cicd.pipeline.result": resultOf(data.state),
      },
      ...(startedAt === null || startedAt < roundAt ? {} : { events: [{ name: "run.started", time: startedAt }] }),
    });
  }

  #endTarget(event: Extract<TracedEvent, { type: `target.${string}` }>, outcome: string): void {
    const { time, reason } = event;
    const { target: key } = event.data;
    const target = this.#run.targets.get(key);
    if (target === undefined) return;
    const open = this.#open.get(key);
    if (open !== undefined) this.#endStep(event, key, open, outcome === "cancelled" ? "cancelled" : "failed");
    const { job, repository, round } = target;
    this.#send({
      parentId: jobSpanId(this.#run.id, this.number, job),
      spanId: targetSpanId(this.#run.id, key, round),
      name: `target ${key}`,
      kind: "internal",
      start: target.startedAt ?? time,
      end: time,
      outcome,
      reason,
      attributes: {
        ...this.#aboutTarget(target),
        ...(round === 1 ? {} : { "mahavishnu.round": round }),
        "vcs.ref.head.name": repository === null ? undefined : this.#run.plan.repositories[repository]?.branch,
        ...taskOf(key, outcome),
      },
    });
    const left = this.#left.get(job);
    if (left?.delete(key) === true && left.size === 0) this.#endJob(job, time);
  }

  #endJob(job: string, time: number): void {
    const { id, targets, roundAt } = this.#run;
    const counts = new Map<string, number>();
    let start = time;
    for (const target of targets.values()) {
      // What ended in an earlier round belongs to that one.
      if (target.job !== job || (target.endedAt ?? time) < roundAt) continue;
      counts.set(target.state, (counts.get(target.state) ?? 0) + 1);
      start = Math.min(start, target.startedAt ?? time);
    }
    const outcome = ["failed", "cancelled", "succeeded"].find((state) => counts.has(state)) ?? "skipped";
    this.#send({
      parentId: this.#spanId,
      spanId: jobSpanId(id, this.number, job),
      name: `job ${job}`,
      kind: "internal",
      start,
      end: time,
      outcome,
      reason: [...counts].map(([state, count]) => `${count} ${state}`).join(", "),
      attributes: { "mahavishnu.job": job, ...taskOf(job, outcome) },
    });
  }

  #endStep({ time, reason }: TracedEvent, key: string, step: string, outcome: string): void {
    this.#open.delete(key);
    const target = this.#run.targets.get(key);
    const stepState = this.#stepOf(key, step);
    if (target === undefined || stepState === undefined) return;
    this.#send({
      parentId: targetSpanId(this.#run.id, key, target.round),
      spanId: stepSpanId(this.#run.id, key, target.round, step),
      name: `step ${step}`,
      kind: "internal",
      start: stepState.attempts[stepState.earlierAttempts]?.startedAt ?? time,
      end: time,
      outcome,
      reason,
      attributes: { ...this.#aboutTarget(target), "mahavishnu.step": step, ...taskOf(step, outcome) },
    });
  }

  #endAttempt(
    { time, reason, data }: Extract<TracedEvent, { type: "step.finished" | "step.interrupted" }>,
    number: number,
    outcome: string,
    attributes: SpanAttributes,
  ): void {
    const { target: key, step } = data;
    const target = this.#run.targets.get(key);
    if (target === undefined) return;
    this.#send({
      parentId: stepSpanId(this.#run.id, key, target.round, step),
      spanId: attemptSpanId(this.#run.id, key, step, number),
      name: `attempt ${number}`,
      kind: "internal",
      start: this.#stepOf(key, step)?.attempts[number - 1]?.startedAt ?? time,
      end: time,
      outcome,
      reason,
      attributes: {
        ...this.#aboutTarget(target),
        "mahavishnu.step": step,
        "mahavishnu.attempt": number,
        ...attributes,
      },
    });
  }

  #stepOf(target: string, step: string): TracedStep | undefined {
    return this.#run.targets.get(target)?.steps.find(({ id }) => id === step);
  }

  #aboutTarget({ key, job, repository }: TracedTarget): SpanAttributes {
    return {
      "mahavishnu.target": key,
      "mahavishnu.job": job,
      ...(repository === null ? {} : { "mahavishnu.repository": repository, "vcs.repository.name": repository }),
    };
  }

  #send(span: Omit<EndedSpan, "traceId" | "error"> & { readonly outcome: string; readonly reason: string }): void {
    const { outcome, reason: told, attributes, ...rest } = span;
    const reason = told.length > longestReason ? `${told.slice(0, longestReason)}…` : told;
    this.#emit({
      ...rest,
      traceId: this.#traceId,
      error: badOutcomes.has(outcome) ? reason : null,
      attributes: { ...this.#about, ...attributes, "mahavishnu.outcome": outcome, "mahavishnu.reason": reason },
    });
  }
}

const endsTarget: ReadonlySet<string> = new Set(["target.finished", "target.skipped"]);
const openStates: ReadonlySet<string> = new Set(["running", "waiting", "interrupted"]);
/** Whoever cancels gets what he wants: that is no error. */
const badOutcomes: ReadonlySet<string> = new Set(["failed", "partial", "interrupted"]);

/** What the semantic conventions of OpenTelemetry call a part of a pipeline, and how it ended. */
function taskOf(name: string, outcome: string): SpanAttributes {
  return { "cicd.pipeline.task.name": name, "cicd.pipeline.task.run.result": resultOf(outcome) };
}

function resultOf(outcome: string): string {
  return (
    { succeeded: "success", skipped: "skip", cancelled: "cancellation", failed: "failure", partial: "failure" }[
      outcome
    ] ?? "error"
  );
}
