import { setImmediate as nextTurn } from "node:timers/promises";
import { crashPoint } from "../lib/crash-point.ts";
import { formatDuration } from "../lib/duration.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { compileExpression } from "../workflows/compile-expression.ts";
import type { Job } from "../workflows/types.ts";
import { Checkouts } from "./checkouts.ts";
import { endAfter, Ending } from "./ending.ts";
import type { EngineParts } from "./engine-parts.ts";
import { Interruption, isStronger } from "./interruption.ts";
import { judgeRun } from "./outcome.ts";
import { finallyKey, jobOf, type PlannedTarget } from "./plan.ts";
import type { RunQueue } from "./run-queue.ts";
import { runTarget } from "./run-target.ts";
import type { RunWriter } from "./run-writer.ts";
import { createScheduler, type Scheduler } from "./schedule.ts";
import type { RunScope } from "./scopes.ts";
import { hasEnded, isOver, type RunState } from "./state.ts";
import { traceWork } from "./trace-work.ts";

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
  readonly #queue: RunQueue;
  readonly #scope: RunScope;
  readonly #hurry = new Ending();
  /** Ends when nothing new may start. */
  readonly #closing = new Ending();
  /** The strongest reason so far; what ends first is not always what counts. */
  #why: Interruption | null = null;
  readonly #running = new Map<string, Ending>();
  /** Another process, or an earlier round, has begun it. */
  readonly #isResumed: boolean;
  #scheduler: Scheduler | undefined;
  #failure: Error | undefined;
  /** Something has happened since the conductor last looked. */
  #isAwake = false;
  #wake: (() => void) | undefined;

  constructor(parts: EngineParts, queue: RunQueue, writer: RunWriter) {
    this.#queue = queue;
    this.writer = writer;
    const { plan, id, runSeq } = writer.state;
    // A run that begins here has been created and perhaps started, and nothing else.
    this.#isResumed = runSeq > 2;
    const jobs = new Map<string, Job>();
    const plannedTargets = new Map<string, PlannedTarget>();
    for (const target of plan.targets) {
      plannedTargets.set(target.key, target);
      if (!jobs.has(target.job)) jobs.set(target.job, jobOf(plan, target.job));
    }
    this.#scope = {
      parts,
      writer,
      checkouts: new Checkouts(parts),
      jobs,
      plannedTargets,
      hurry: this.#hurry,
      runFolder: `${parts.runsFolder}/${id}`,
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
  conduct(): Promise<RunState> {
    return traceWork({ run: this.state }, () => this.#conduct());
  }

  async #conduct(): Promise<RunState> {
    const { state, writer } = this;
    if (state.state === "cancelling") this.#close(new Interruption("cancel", state.cause.reason, state.cause.actor));
    if (state.state === "queued") await this.#enter();
    const began = state.startedAt !== null;
    await this.#runTargets();
    if (state.targets.has(finallyKey)) await this.#runFinally(began);
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#why?.kind === "release") return await this.#letGo();
    const problems = this.#usesWorktrees() ? await this.#giveBackAll() : [];
    const outcome = judgeRun(state);
    crashPoint("engine.beforeRunFinished");
    writer.add("run.finished", { state: outcome.state }, { reason: [outcome.reason, ...problems].join("; ") });
    await writer.flush({ release: true });
    crashPoint("engine.runFinished");
    return state;
  }

  /** Cancels the run; resolves when the wish is durable, not when all has ended. @throws MahavishnuError RUN_STATE when it is over */
  async cancel({ actor, reason, atOnce, answers }: CancelWish): Promise<void> {
    using _reserved = await this.writer.reserve();
    const { state } = this;
    if (isOver(state.state)) throw new MahavishnuError("RUN_STATE", `run ${state.id} is over: ${state.state}`);
    const why = new Interruption("cancel", reason, actor);
    if (atOnce) this.#hurryUp(why);
    if (state.state === "queued" || state.state === "running") {
      this.writer.add("run.cancelling", { atOnce }, { reason, actor });
      this.#close(why);
    }
    try {
      await this.writer.flush(answers === undefined ? {} : { answers });
    } catch (error) {
      this.#fail(error);
      throw error;
    }
  }

  /** Leaves the run to another process: running steps are ended, nothing is decided about them. */
  release(): void {
    this.#close(new Interruption("release", "its process was told to go"));
  }

  /** Another process has taken the run over: all that runs here is ended, and nothing is written any more. */
  lose(error: unknown): void {
    this.#fail(error);
  }

  async #enter(): Promise<void> {
    try {
      await this.#queue.enter(this.writer, this.#closing);
    } catch (error) {
      if (!(error instanceof Interruption)) throw error;
    }
  }

  /** Stops new targets and ends running ones. What a cancel or the run's time lets finish, `finally`, ends when the process goes. */
  #close(why: Interruption): void {
    if (!isStronger(why, this.#why)) return;
    this.#why = why;
    this.#closing.end(why);
    for (const [key, ending] of this.#running) if (key !== finallyKey || why.leaves) ending.end(why);
    this.#wakeUp();
  }

  /** Running steps are killed without grace, those of `finally` too. */
  #hurryUp(why: Interruption): void {
    this.#hurry.end(why);
    this.#running.get(finallyKey)?.end(why);
  }

  async #runTargets(): Promise<void> {
    const { plan, startedAt } = this.state;
    if (startedAt === null && this.#why === null) return;
    const { limits } = this.#scope.parts;
    const scheduler = createScheduler(this.state, {
      defaultParallel: limits.maxConcurrentSteps,
      judgesFailure: (condition) => compileExpression(condition).statusCalls.length > 0,
    });
    this.#scheduler = scheduler;
    const stopClock = endAfter(this.#closing, plan.runTimeoutMs, () => {
      return `the run timed out after ${formatDuration(plan.runTimeoutMs)}`;
    });
    this.#closing.onEnd((why) => this.#close(why));
    await this.#untilIdle(() => {
      if (this.#why === null) this.#decide(scheduler);
      else this.#endQueued(this.#why);
    });
    stopClock();
    this.#scheduler = undefined;
  }

  /** Decides, and waits for something that has ended, until nothing runs any more. */
  async #untilIdle(decide: () => void): Promise<void> {
    for (;;) {
      try {
        if (this.#failure === undefined) decide();
        if (this.#running.size === 0) return;
        // A target that has just begun will write what is pending together with its own first event.
        if (this.writer.hasPending) await nextTurn();
        if (this.writer.hasPending && this.#failure === undefined) await this.writer.flush();
      } catch (error) {
        this.#fail(error);
      }
      await this.#sleep();
    }
  }

  #wakeUp(): void {
    this.#isAwake = true;
    this.#wake?.();
  }

  async #sleep(): Promise<void> {
    if (!this.#isAwake) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#isAwake = false;
    this.#wake = undefined;
  }

  /** Starts and skips what can be; what is skipped may make others ready. */
  #decide(scheduler: Scheduler): void {
    for (let decisions = scheduler.take(); decisions.length > 0; decisions = scheduler.take()) {
      for (const decision of decisions) {
        if (decision.kind === "start") {
          this.#launch(decision.key, decision.failedNeed);
          continue;
        }
        const { key, because, reason } = decision;
        this.writer.add("target.skipped", { target: key, because }, { reason });
        scheduler.ended(key);
      }
    }
  }

  #launch(key: string, failedNeed: string | null): void {
    const ending = new Ending();
    this.#running.set(key, ending);
    void this.#follow(key, runTarget(this.#scope, key, failedNeed, ending));
  }

  async #follow(key: string, work: Promise<void>): Promise<void> {
    try {
      await work;
      this.#scheduler?.ended(key);
    } catch (error) {
      // A target that was left as it is, because this process goes, is no failure.
      if (!(error instanceof Interruption)) this.#fail(error);
    }
    this.#running.delete(key);
    this.#wakeUp();
  }

  /** A failure that is not a target's: the run cannot be conducted here any more. */
  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    const lost = new Interruption("lost", "the run is not owned here any more", "engine", { cause: error });
    this.#close(lost);
    this.#hurryUp(lost);
  }

  /** Targets that have not begun, or were left in the middle, end without being done when the run is cancelled or out of time. */
  #endQueued(why: Interruption): void {
    if (why.leaves) return;
    const telling = { reason: why.message, actor: why.actor };
    for (const target of this.state.targets.values()) {
      if (hasEnded(target) || target.key === finallyKey || this.#running.has(target.key)) continue;
      if (why.kind === "cancel") {
        this.writer.add("target.finished", { target: target.key, state: "cancelled", outputs: {} }, telling);
      } else {
        this.writer.add("target.skipped", { target: target.key, because: "policy" }, telling);
      }
    }
  }

  async #runFinally(began: boolean): Promise<void> {
    const target = this.state.targets.get(finallyKey);
    if (target === undefined || hasEnded(target) || this.#why?.leaves === true) return;
    const { why: hurry } = this.#hurry;
    if (!began || hurry !== null) {
      const reason = hurry === null ? "the run never began" : hurry.message;
      this.writer.add("target.finished", { target: finallyKey, state: "cancelled", outputs: {} }, { reason });
      return;
    }
    crashPoint("engine.beforeFinally");
    this.#launch(finallyKey, null);
    await this.#untilIdle(() => undefined);
  }

  #usesWorktrees(): boolean {
    return this.state.plan.workflow.jobs.some((job) => job.checkout === "worktree");
  }

  /** Trees that a crash, or a failure to remove them, has left. */
  #giveBackAll(): Promise<readonly string[]> {
    return this.#scope.checkouts.giveBackAll(this.state, { afterCrash: this.#isResumed });
  }

  async #letGo(): Promise<RunState> {
    const { state, writer } = this;
    for (const target of state.targets.values()) {
      if (target.state !== "running") continue;
      for (const step of target.steps) {
        if (step.state !== "running") continue;
        const at = { target: target.key, step: step.id };
        writer.add("step.interrupted", at, { reason: "its process was told to go" });
      }
    }
    const reason = `its process was told to go; \`mahavishnu runs resume ${state.id}\` continues it`;
    writer.add("run.released", {}, { reason });
    crashPoint("engine.beforeRelease");
    await writer.flush({ release: true });
    return state;
  }
}
