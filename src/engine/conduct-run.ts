import { crashPoint } from "../lib/crash-point.ts";
import { formatDuration } from "../lib/duration.ts";
import { compileExpression } from "../workflows/compile-expression.ts";
import { Checkouts } from "./checkouts.ts";
import { endLeftovers } from "./end-processes.ts";
import type { EngineParts } from "./engine-parts.ts";
import { Interruption } from "./interruption.ts";
import { judgeRun } from "./outcome.ts";
import { finallyKey } from "./plan.ts";
import type { RunQueue } from "./run-queue.ts";
import { runTarget } from "./run-target.ts";
import type { RunScope } from "./scopes.ts";
import type { RunWriter } from "./run-writer.ts";
import { createScheduler, type Scheduler } from "./schedule.ts";
import { hasEnded, type RunState } from "./state.ts";

/** A wish to cancel. */
export interface CancelWish {
  readonly actor: string;
  readonly reason: string;
  /** Kill running steps without grace. */
  readonly atOnce: boolean;
  /** The stored request that this answers. */
  readonly answers?: number;
}

/** Conducts one run from wherever its history stands to its end: the only one who decides about it while it is owned here. */
export class Conductor {
  readonly writer: RunWriter;
  readonly #parts: EngineParts;
  readonly #queue: RunQueue;
  readonly #hurry = new AbortController();
  /** Aborted when nothing new may start. */
  readonly #closing = new AbortController();
  readonly #running = new Map<string, AbortController>();
  #scope: RunScope;
  #scheduler: Scheduler | undefined;
  #failure: unknown;
  #wake = Promise.withResolvers<void>();

  constructor(parts: EngineParts, queue: RunQueue, writer: RunWriter) {
    this.#parts = parts;
    this.#queue = queue;
    this.writer = writer;
    this.#scope = {
      parts,
      writer,
      checkouts: new Checkouts(parts.worktreesFolder),
      plannedTargets: new Map(writer.state.plan.targets.map((target) => [target.key, target] as const)),
      hurry: this.#hurry.signal,
    };
  }

  get state(): RunState {
    return this.writer.state;
  }

  /**
   * Executes the run. Resolves when it is over, or when it was released.
   *
   * @throws StaleOwnerError when another process took it over; all own children have then been ended.
   */
  async conduct(): Promise<RunState> {
    const { state, writer } = this;
    if (state.state === "cancelling") this.#close(new Interruption("cancel", state.cause.reason, state.cause.actor));
    if (state.state === "queued" && !this.#closing.signal.aborted) await this.#enter();
    const began = state.startedAt !== null;
    const timer = setTimeout(
      () => {
        this.#close(new Interruption("timeout", `the run timed out after ${formatDuration(state.plan.runTimeoutMs)}`));
      },
      Math.min(state.plan.runTimeoutMs, 2 ** 31 - 1),
    );
    try {
      if (began || this.#closing.signal.aborted) await this.#runTargets();
      await this.#runFinally(began);
    } finally {
      clearTimeout(timer);
    }
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#released()) return await this.#letGo();
    const outcome = judgeRun(state);
    crashPoint("engine.beforeRunFinished");
    writer.add("run.finished", { state: outcome.state }, { reason: outcome.reason });
    await writer.flush({ release: true });
    return state;
  }

  /** Ends what a dead owner left: its processes first, then its running attempts in the history. */
  async takeOver(): Promise<void> {
    const { state, writer } = this;
    writer.add("run.takenOver", { pid: this.#parts.owner.pid }, { reason: "its owner is gone" });
    for (const target of state.targets.values()) {
      if (target.state !== "running") continue;
      for (const step of target.steps) {
        const process = step.attempts.at(-1)?.process ?? null;
        if (step.state !== "running") continue;
        if (process !== null)
          await endLeftovers(process, `${state.id}/${target.key}/${step.id}`, this.#parts.limits.graceMs);
        writer.add(
          "step.interrupted",
          { target: target.key, step: step.id },
          { reason: "the process that ran it is gone" },
        );
      }
    }
    await writer.flush();
    crashPoint("engine.takenOver");
  }

  /** Cancels the run; resolves when the wish is durable, not when all has ended. */
  async cancel(wish: CancelWish): Promise<void> {
    if (wish.atOnce) this.#hurry.abort();
    const { state } = this.writer;
    if (state.state === "queued" || state.state === "running") {
      this.writer.add("run.cancelling", { atOnce: wish.atOnce }, wish);
      this.#close(new Interruption("cancel", wish.reason, wish.actor));
    }
    await this.writer.flush(wish.answers === undefined ? {} : { answers: wish.answers });
  }

  /** Leaves the run to another process: running steps are ended, nothing is decided about them. */
  release(): void {
    this.#close(new Interruption("release", "its process was told to go"));
  }

  async #enter(): Promise<void> {
    try {
      await this.#queue.enter(this.writer, this.#closing.signal);
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
    }
  }

  /** Stops new targets and ends running ones; targets that have not begun end as the reason says. */
  #close(why: Interruption): void {
    if (this.#closing.signal.aborted && why.kind !== "lost") return;
    this.#closing.abort(why);
    for (const controller of this.#running.values()) controller.abort(why);
    this.#wake.resolve();
  }

  async #runTargets(): Promise<void> {
    const { writer } = this;
    const scheduler = createScheduler(writer.state, {
      defaultParallel: this.#parts.limits.maxConcurrentSteps,
      judgesFailure: (condition) => compileExpression(condition).statusCalls.length > 0,
    });
    this.#scheduler = scheduler;
    for (;;) {
      if (this.#closing.signal.aborted) this.#endQueued();
      else if (await this.#decide(scheduler)) continue;
      if (this.#running.size === 0) return;
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
  }

  /** Starts and skips what can be; true when something was skipped, which may make others ready. */
  async #decide(scheduler: Scheduler): Promise<boolean> {
    let skipped = false;
    for (const decision of scheduler.take()) {
      if (decision.kind === "start") {
        this.#launch(decision.key, decision.failedNeed);
        continue;
      }
      this.writer.add(
        "target.skipped",
        { target: decision.key, because: decision.because },
        { reason: decision.reason },
      );
      scheduler.ended(decision.key);
      skipped = true;
    }
    if (skipped) await this.writer.flush();
    return skipped;
  }

  #launch(key: string, failedNeed: string | null): void {
    const controller = new AbortController();
    this.#running.set(key, controller);
    runTarget(this.#scope, key, failedNeed, controller)
      .catch((error: unknown) => this.#fail(error))
      .finally(() => {
        this.#running.delete(key);
        const target = this.state.targets.get(key);
        if (target !== undefined && hasEnded(target)) this.#scheduler?.ended(key);
        this.#wake.resolve();
      });
  }

  /** A failure that is not a target's: the run cannot be conducted here any more. */
  #fail(error: unknown): void {
    if (error instanceof Interruption) return;
    this.#failure ??= error;
    this.#hurry.abort();
    const lost = new Interruption("lost", "the run is not owned here any more", "engine", { cause: error });
    for (const controller of this.#running.values()) controller.abort(lost);
    this.#close(lost);
  }

  /** Targets that have not begun, or were left in the middle, end without being done when the run is cancelled or out of time. */
  #endQueued(): void {
    const why = this.#closing.signal.reason as Interruption;
    if (why.kind === "release" || why.kind === "lost") return;
    for (const target of this.state.targets.values()) {
      if (hasEnded(target) || target.key === finallyKey || this.#running.has(target.key)) continue;
      const telling = { reason: why.message, actor: why.actor };
      if (why.kind === "cancel")
        this.writer.add("target.finished", { target: target.key, state: "cancelled", outputs: {} }, telling);
      else this.writer.add("target.skipped", { target: target.key, because: "policy" }, telling);
    }
  }

  async #runFinally(began: boolean): Promise<void> {
    const target = this.state.targets.get(finallyKey);
    if (target === undefined || hasEnded(target) || this.#failure !== undefined || this.#released()) return;
    if (!began) {
      this.writer.add(
        "target.finished",
        { target: finallyKey, state: "cancelled", outputs: {} },
        { reason: "the run never began" },
      );
      return;
    }
    this.#scheduler = undefined;
    this.#launch(finallyKey, null);
    const controller = this.#running.get(finallyKey);
    const stop = (): void => controller?.abort(new Interruption("cancel", "cancelled at once"));
    this.#hurry.signal.addEventListener("abort", stop, { once: true });
    if (this.#hurry.signal.aborted) stop();
    while (this.#running.size > 0) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
    }
    this.#hurry.signal.removeEventListener("abort", stop);
  }

  #released(): boolean {
    return this.#closing.signal.aborted && (this.#closing.signal.reason as Interruption).kind === "release";
  }

  async #letGo(): Promise<RunState> {
    const { state, writer } = this;
    for (const target of state.targets.values()) {
      for (const step of target.steps) {
        if (step.state !== "running") continue;
        writer.add("step.interrupted", { target: target.key, step: step.id }, { reason: "its process was told to go" });
      }
    }
    writer.add("run.released", {}, { reason: "its process was told to go; `mahavishnu runs resume` continues it" });
    await writer.flush({ release: true });
    return state;
  }
}
