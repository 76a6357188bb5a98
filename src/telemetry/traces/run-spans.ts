import { traceOfRun } from "../../lib/trace-context.ts";
import type { PartNote, TakeNote } from "./span-note.ts";
import type { TracedEvent, TracedRun, TracedStep, TracedTarget } from "./traced-run.ts";

/**
 * Notes down the parts of runs when they have ended, out of what has been written durably. A process that takes a run over needs to know
 * nothing of what the one before has told.
 *
 * @example
 * const spans = new RunSpans(1, (note) => thread.take(note));
 * app.observeRuns((run, events) => spans.observe(run, events));
 */
export class RunSpans {
  readonly #ratio: number;
  readonly #take: TakeNote;
  readonly #rounds = new WeakMap<TracedRun, RunRound>();

  /** @param ratio which part of the runs is traced, from 0 to 1 */
  constructor(ratio: number, take: TakeNote) {
    this.#ratio = ratio;
    this.#take = take;
  }

  /** Takes events of a run that are durable. The run's state may be ahead of them. */
  observe(run: TracedRun, events: readonly TracedEvent[]): void {
    let round = this.#rounds.get(run);
    if (round === undefined || round.number !== run.round) {
      round = new RunRound(run, events, this.#ratio, this.#take);
      this.#rounds.set(run, round);
    }
    if (round.isSampled) for (const event of events) round.take(event);
  }
}

/** One round of a run: from when it was asked for to its end. */
class RunRound {
  readonly number: number;
  readonly isSampled: boolean;
  readonly #run: TracedRun;
  readonly #take: TakeNote;
  /** Targets of each job whose end has not been told yet. */
  readonly #left = new Map<string, Set<string>>();
  /** The step of a target that has begun and not ended; there is one at most. */
  readonly #open = new Map<string, string>();

  constructor(run: TracedRun, events: readonly TracedEvent[], ratio: number, take: TakeNote) {
    this.number = run.round;
    this.isSampled = traceOfRun(run.id, run.traceparent, ratio).sampled;
    this.#run = run;
    this.#take = take;
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
          ...(exitCode === null ? {} : { exitCode }),
          ...(failure === null ? {} : { failure }),
        });
        if (retryAt === null) this.#endStep(event, target, step, state);
        break;
      }
      case "step.interrupted": {
        // The step goes on with another attempt, or ends with its target.
        const number = this.#stepOf(event.data.target, event.data.step)?.attempts.length ?? 1;
        this.#endAttempt(event, number, "interrupted", { failure: "interrupted" });
        break;
      }
      case "step.skipped":
        this.#endStep(event, event.data.target, event.data.step, "skipped");
        break;
      default:
    }
  }

  #endRun({ time, reason, data }: Extract<TracedEvent, { type: "run.finished" }>): void {
    const { plan, roundAt, startedAt, actor } = this.#run;
    this.#note("run", {
      start: roundAt,
      end: time,
      outcome: data.state,
      reason,
      revision: plan.workflow.revision,
      actor,
      ...(startedAt === null || startedAt < roundAt ? {} : { startedAt }),
    });
  }

  #endTarget(event: Extract<TracedEvent, { type: `target.${string}` }>, outcome: string): void {
    const { time, reason } = event;
    const { target: key } = event.data;
    const target = this.#run.targets.get(key);
    if (target === undefined) return;
    const open = this.#open.get(key);
    if (open !== undefined) this.#endStep(event, key, open, outcome === "cancelled" ? "cancelled" : "failed");
    this.#noteOf(target, "target", { start: target.startedAt ?? time, end: time, outcome, reason });
    const left = this.#left.get(target.job);
    if (left?.delete(key) === true && left.size === 0) this.#endJob(target.job, time);
  }

  #endJob(job: string, time: number): void {
    const { targets, roundAt } = this.#run;
    const counts = new Map<string, number>();
    let start = time;
    for (const target of targets.values()) {
      // What ended in an earlier round belongs to that one.
      if (target.job !== job || (target.endedAt ?? time) < roundAt) continue;
      counts.set(target.state, (counts.get(target.state) ?? 0) + 1);
      start = Math.min(start, target.startedAt ?? time);
    }
    const outcome = ["failed", "cancelled", "succeeded"].find((state) => counts.has(state)) ?? "skipped";
    const reason = [...counts].map(([state, count]) => `${count} ${state}`).join(", ");
    this.#note("job", { start, end: time, outcome, reason, job });
  }

  #endStep({ time, reason }: TracedEvent, key: string, step: string, outcome: string): void {
    this.#open.delete(key);
    const target = this.#run.targets.get(key);
    const found = this.#stepOf(key, step);
    if (target === undefined || found === undefined) return;
    const start = found.attempts[found.earlierAttempts]?.startedAt ?? time;
    this.#noteOf(target, "step", { start, end: time, outcome, reason, step });
  }

  #endAttempt(
    { time, reason, data }: Extract<TracedEvent, { type: "step.finished" | "step.interrupted" }>,
    attempt: number,
    outcome: string,
    end: Pick<PartNote, "exitCode" | "failure">,
  ): void {
    const { target: key, step } = data;
    const target = this.#run.targets.get(key);
    if (target === undefined) return;
    const start = this.#stepOf(key, step)?.attempts[attempt - 1]?.startedAt ?? time;
    this.#noteOf(target, "attempt", { start, end: time, outcome, reason, step, attempt, ...end });
  }

  #stepOf(target: string, step: string): TracedStep | undefined {
    return this.#run.targets.get(target)?.steps.find(({ id }) => id === step);
  }

  #noteOf({ key, job, repository, round }: TracedTarget, part: PartNote["part"], about: About): void {
    const where = { ...about, target: key, round, job };
    if (repository === null) return this.#note(part, where);
    const branch = this.#run.plan.repositories[repository]?.branch;
    return this.#note(part, { ...where, repository, ...(branch === undefined ? {} : { branch }) });
  }

  #note(part: PartNote["part"], about: About): void {
    const { id, traceparent, plan } = this.#run;
    this.#take({ part, runId: id, traceparent, runRound: this.number, workflow: plan.workflow.name, ...about });
  }
}

type About = Omit<PartNote, "part" | "runId" | "traceparent" | "runRound" | "workflow">;

const endsTarget: ReadonlySet<string> = new Set(["target.finished", "target.skipped"]);
const openStates: ReadonlySet<string> = new Set(["running", "waiting", "interrupted"]);
