import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../lib/clock.ts";
import { crashPoint } from "../lib/crash-point.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { newRunId } from "../lib/ids.ts";
import { identifyProcess } from "../lib/process-identity.ts";
import type { ClaimedRun, Owner, Store } from "../store/contract.ts";
import { StaleOwnerError } from "../store/run-journal.ts";
import { Expressions } from "../workflows/expressions.ts";
import { type CancelWish, Conductor } from "./conduct-run.ts";
import type { ActionRegistry, Secrets } from "./contract.ts";
import { type ActiveRun, drainRuns } from "./drain-runs.ts";
import type { EngineLimits, EngineParts } from "./engine-parts.ts";
import { makeEvent } from "./events.ts";
import { Launchers } from "./launchers.ts";
import { Lease } from "./lease.ts";
import { createMasking } from "../lib/mask-secrets.ts";
import { createdData, type RecordedRun, recordRun, type StartRequest } from "./record-run.ts";
import { beginState, reduce, replay } from "./reduce.ts";
import { chooseRetries, type RetryChoice } from "./retry-run.ts";
import { describeExtent } from "./run-extent.ts";
import { goneCodes, refuseOver } from "./run-over.ts";
import { RunQueue } from "./run-queue.ts";
import { projectRow, type RunObserver, RunWriter, tellObserver, type Telling } from "./run-writer.ts";
import type { RunState, RunStatus } from "./state.ts";
import { StepSlots } from "./step-slots.ts";
import { takeOver } from "./take-over.ts";

/** While runs are active, other processes are heard this often (a read of a few microseconds). */
const tickMs = 100;
/** Slots of an owner that died are seen this often; nobody writes when a lease ends. */
const lookAgainMs = 1_000;

/** What an engine is made of. */
export interface EngineOptions {
  readonly store: Store;
  readonly actions: ActionRegistry;
  readonly limits: EngineLimits;
  readonly secrets: Secrets;
  /** Environment of this process without what steps must not inherit. */
  readonly baseEnv: Readonly<Record<string, string>>;
  readonly runsFolder: string;
  readonly worktreesFolder: string;
  /** Absolute folders that every repository must lie under; asked whenever one is opened, since a run can outlive its plan's truth. */
  readonly allowedRoots: () => Promise<readonly string[]>;
  /** Told of every event once it is durable. */
  readonly observe?: RunObserver;
  /** Which part of the runs is traced, from 0 to 1; all when left out. Their processes are told. */
  readonly traceRatio?: number;
  readonly clock?: Clock;
  readonly random?: () => number;
}

/** A run that this process executes. */
export interface RunHandle {
  readonly runId: string;
  /** The state as it grows; may be ahead of the journal by one commit. */
  readonly state: RunState;
  /** Resolves when the run is over, or was released. Rejects when another process took it over. */
  readonly done: Promise<RunState>;
  cancel(wish: CancelWish): Promise<void>;
}

/** Executes runs durably in this process. */
export interface Engine extends AsyncDisposable {
  /** Records a run and begins it. A known idempotency key names the earlier run and begins nothing. */
  start(request: StartRequest): Promise<StartedRun>;
  /**
   * Takes over a run that has no living owner and goes on with it.
   *
   * @throws MahavishnuError RUN_NOT_FOUND, RUN_OWNED, RUN_STATE, RUN_LEFTOVERS
   */
  resume(runId: string, cancel?: CancelWish): Promise<RunHandle>;
  /** Begins a run that is over once more, for what did not succeed. @throws MahavishnuError RUN_NOT_FOUND, RUN_OWNED, RUN_STATE */
  retry(runId: string, choice: RetryChoice, telling: Required<Telling>): Promise<RunHandle>;
  /** Leaves all active runs to other processes; running steps are ended. Resolves when they have let go. */
  release(): Promise<readonly string[]>;
  /** Records a run for a server to begin; see `recordRun`. */
  record(request: StartRequest): Promise<RecordedRun>;
  /** Makes this process known as a server of the workspace, until what it gives is disposed. */
  serve(): Promise<AsyncDisposable>;
  /**
   * Goes on with a run as a server does: what had begun waits for a slot in its old place. Null when somebody else has it by now, or
   * it is over.
   *
   * @throws MahavishnuError RUN_LEFTOVERS, and whatever keeps runs from being gone on with here; the run is then nobody's again.
   */
  take(runId: string): Promise<RunHandle | null>;
  /** Runs that are owned here and do not go on, since the store could not be written; `take` goes on with them. */
  listAbandoned(): Promise<readonly string[]>;
  /** Lets what has begun end for at most `ms`; what waits is released at once, and the rest then. Resolves with all that was released. */
  drain(ms: number): Promise<readonly string[]>;
}

/** A run that was begun; without a handle when its idempotency key was known. */
export interface StartedRun {
  readonly runId: string;
  readonly handle: RunHandle | null;
}

/**
 * Makes the embedded engine. It does nothing until a run is started, and nothing more when none is active.
 *
 * @example
 * await using engine = createEngine({ store, actions, limits, secrets: new Map(), baseEnv: {}, runsFolder, worktreesFolder, allowedRoots });
 * const { handle } = await engine.start({ plan, actor: "local:dana", reason: "mahavishnu run" });
 * const { state } = await handle.done;
 */
export function createEngine(options: EngineOptions): Engine {
  return new EmbeddedEngine(options);
}

class EmbeddedEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #queue: RunQueue;
  readonly #active = new Map<string, ActiveRun>();
  /** Runs that are being taken over. */
  readonly #claiming = new Set<string>();
  readonly #lease: Lease;
  /** What goes on for all runs is not the work of the one that happens to begin it. */
  readonly #outside = AsyncLocalStorage.snapshot();
  #tick: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  #isClosed = false;
  #dataVersion = 0;
  #lookedAt = 0;

  constructor(options: EngineOptions) {
    const identity = identifyProcess(process.pid);
    if (identity === null) throw new MahavishnuError("INTERNAL", "this process cannot see itself");
    const owner: Owner = { id: randomUUID(), ...identity };
    const { store, limits, secrets, clock = systemClock, random = Math.random } = options;
    const { observe = () => undefined, traceRatio = 1 } = options;
    const slots = new StepSlots(store, owner, limits.maxConcurrentSteps);
    const masking = createMasking([...secrets.values()].map((secret) => secret.reveal()));
    const expressions = new Expressions();
    const launchers = new Launchers(options.baseEnv);
    this.#parts = { ...options, owner, slots, launchers, masking, clock, random, observe, traceRatio, expressions };
    this.#queue = new RunQueue(limits.maxConcurrentRuns);
    this.#lease = new Lease(this.#parts);
  }

  async start({ plan, actor, reason, idempotencyKey, traceparent }: StartRequest): Promise<StartedRun> {
    this.#refuseClosed();
    const { store, clock, limits, owner, observe } = this.#parts;
    const known = this.#lease.keep();
    // Heard of when the run is recorded, which is in the same transaction: both are durable, or both fail for the same reason.
    known?.catch(() => undefined);
    const id = newRunId();
    const created = makeEvent("run.created", createdData(plan, traceparent), { time: clock.now(), actor, reason });
    const told = { time: clock.now(), actor: "engine", reason: "a run slot was free" };
    const started = makeEvent("run.started", {}, told);
    const state = beginState(id, created);
    const row = projectRow(state);
    const running = { ...row, state: "running", reason: started.reason, startedAt: started.time };
    const { name, revision } = plan.workflow;
    let begun: Conductor | undefined;
    let handle: RunHandle | null = null;
    const recorded = store.createRun({
      id,
      workflow: name,
      revision,
      actor,
      owner,
      extent: describeExtent(plan),
      events: [created],
      row,
      start: { admitBelow: limits.maxConcurrentRuns, event: started, row: running },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
      // The first events of the run go into the same transaction; whatever acts waits for it.
      early: (result) => {
        if (!result.created) return;
        if (result.started) reduce(state, started);
        begun = this.#makeConductor(state, result, recorded);
        handle = this.#begin(begun);
      },
    });
    const result = await recorded.catch((error: unknown) => {
      begun?.lose(error);
      throw error;
    });
    if (result.created) tellObserver(observe, state, result.started ? [created, started] : [created]);
    if (known !== undefined) await known;
    return { runId: result.runId, handle };
  }

  async resume(runId: string, cancel?: CancelWish): Promise<RunHandle> {
    // Before the run is claimed: whoever asks for a retry meanwhile would hear that it is owned.
    const known = await this.#parts.store.getRun(runId);
    if (known !== null) refuseOver(runId, known.state as RunStatus);
    return await this.#claim(runId, async (conductor) => {
      // Whoever cancels needs no folders.
      if (cancel === undefined) await this.#expectRoots(conductor.state);
      await this.#takeOver(conductor, false);
      if (cancel !== undefined) await conductor.cancel(cancel);
    });
  }

  async take(runId: string): Promise<RunHandle | null> {
    try {
      return await this.#claim(runId, async (conductor) => {
        await this.#expectRoots(conductor.state);
        await this.#takeOver(conductor, true);
      });
    } catch (error) {
      if (error instanceof MahavishnuError && goneCodes.has(error.code)) return null;
      throw error;
    }
  }

  /** Of a run that nobody has owned before there is nothing to take over. */
  async #takeOver({ state, writer }: Conductor, waits: boolean): Promise<void> {
    refuseOver(state.id, state.state);
    if (writer.fence > 1) await takeOver(this.#parts, writer, waits);
  }

  async retry(runId: string, choice: RetryChoice, telling: Required<Telling>): Promise<RunHandle> {
    return await this.#claim(runId, async ({ state, writer }) => {
      const targets = chooseRetries(state, choice);
      await this.#expectRoots(state);
      writer.add("run.retried", { targets }, telling);
      await writer.flush();
    });
  }

  async release(): Promise<readonly string[]> {
    const active = [...this.#active];
    for (const [, { conductor }] of active) conductor.release();
    await Promise.allSettled(active.map(([, { done }]) => done));
    return active.map(([runId]) => runId);
  }

  record(request: StartRequest): Promise<RecordedRun> {
    return recordRun(this.#parts.store, request);
  }

  async serve(): Promise<AsyncDisposable> {
    this.#refuseClosed();
    await this.#lease.become("server");
    return {
      [Symbol.asyncDispose]: async () => {
        // An engine that was closed meanwhile is known no more.
        if (this.#isClosed) return;
        await this.#lease.become("command");
        this.#stopWhenIdle();
      },
    };
  }

  async listAbandoned(): Promise<readonly string[]> {
    const owned = await this.#parts.store.listOwnedRuns(this.#parts.owner);
    return owned.map(({ runId }) => runId).filter((runId) => !this.#active.has(runId) && !this.#claiming.has(runId));
  }

  drain(ms: number): Promise<readonly string[]> {
    return drainRuns([...this.#active.values()], ms, () => this.release());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    while (this.#active.size > 0) await this.release();
    this.#stopTimers();
    await this.#parts.launchers.end();
    await this.#lease.end();
  }

  #refuseClosed(): void {
    if (this.#isClosed) throw new MahavishnuError("INTERNAL", "the engine has been closed");
  }

  /** Owns a run that nobody else owns, with its whole history replayed, and begins it; what cannot be begun is given up again. */
  async #claim(runId: string, prepare: (conductor: Conductor) => Promise<void>): Promise<RunHandle> {
    this.#refuseClosed();
    if (this.#active.has(runId) || this.#claiming.has(runId)) {
      throw new MahavishnuError("RUN_OWNED", `run ${runId} is going on in this process`);
    }
    this.#claiming.add(runId);
    // The lease is kept meanwhile: ending what a dead owner left can take longer than one.
    this.#startTimers();
    try {
      return await this.#claimAlone(runId, prepare);
    } finally {
      this.#claiming.delete(runId);
      this.#stopWhenIdle();
    }
  }

  async #claimAlone(runId: string, prepare: (conductor: Conductor) => Promise<void>): Promise<RunHandle> {
    const { store, owner } = this.#parts;
    await this.#lease.keep();
    const claim = await store.claimRun(runId, owner);
    if (claim === null) {
      if ((await store.getRun(runId)) === null) throw new MahavishnuError("RUN_NOT_FOUND", `there is no run ${runId}`);
      throw new MahavishnuError("RUN_OWNED", `run ${runId} is owned by a living process`);
    }
    crashPoint("engine.claimed");
    const conductor = this.#makeConductor(replay(await store.readEvents(runId)), claim);
    try {
      await prepare(conductor);
    } catch (error) {
      // The reason why it cannot be begun tells more than that it could not be given up either.
      await conductor.writer.flush({ release: true }).catch(() => undefined);
      throw error;
    }
    return this.#begin(conductor);
  }

  /** What says where runs may work must be readable before one is gone on with: without it every target would fail. */
  async #expectRoots({ plan }: RunState): Promise<void> {
    if (Object.keys(plan.repositories).length > 0) await this.#parts.allowedRoots();
  }

  #makeConductor(state: RunState, { fence, position }: ClaimedRun, born?: Promise<unknown>): Conductor {
    const { store, clock, observe } = this.#parts;
    const about = { state, journal: store, fence, position, now: () => clock.now(), observe };
    const writer = new RunWriter(born === undefined ? about : { ...about, born });
    return new Conductor(this.#parts, this.#queue, writer);
  }

  #begin(conductor: Conductor): RunHandle {
    const { state } = conductor;
    this.#startTimers();
    const done = this.#conduct(conductor);
    this.#active.set(state.id, { conductor, done });
    // Whoever never asks for the end must not bring the process down with an unhandled rejection.
    done.catch(() => undefined);
    return { runId: state.id, state, done, cancel: (wish) => conductor.cancel(wish) };
  }

  async #conduct(conductor: Conductor): Promise<RunState> {
    try {
      return await conductor.conduct();
    } finally {
      this.#active.delete(conductor.state.id);
      this.#queue.lookAgain();
      this.#stopWhenIdle();
    }
  }

  #startTimers(): void {
    clearTimeout(this.#idle);
    this.#outside(() => this.#lease.beat());
    this.#tick ??= this.#outside(() => setInterval(() => void this.#listen().catch(() => undefined), tickMs));
  }

  #stopWhenIdle(): void {
    if (this.#active.size > 0 || this.#claiming.size > 0) return;
    this.#stopTimers();
    // Not at once: the next run often follows the last one.
    this.#idle = setTimeout(() => this.#letGo(), tickMs).unref();
  }

  /** What is held here would be missing elsewhere. */
  #letGo(): void {
    this.#parts.slots.letGo();
    void this.#parts.launchers.end();
  }

  #stopTimers(): void {
    this.#lease.rest();
    clearInterval(this.#tick);
    clearTimeout(this.#idle);
    this.#tick = undefined;
  }

  /** Hears what other processes have written: requests for runs of ours, runs taken over, and slots that became free. */
  async #listen(): Promise<void> {
    const { store, slots, owner } = this.#parts;
    const version = store.dataVersion();
    const now = Date.now();
    const changed = version !== this.#dataVersion;
    if (!changed && now - this.#lookedAt < lookAgainMs) return;
    this.#dataVersion = version;
    this.#lookedAt = now;
    this.#queue.lookAgain();
    slots.lookAgain();
    for (const { runId, id, actor, reason, atOnce } of await store.listRequests(owner)) {
      // A run that cannot be cancelled any more shows why by itself.
      const asked = this.#active.get(runId)?.conductor.cancel({ actor, reason, atOnce, answers: id });
      await asked?.catch(() => undefined);
    }
    // A run that another process has taken over is let go of at once, not only at its next write.
    if (changed) await this.#findLost();
  }

  async #findLost(): Promise<void> {
    const { store, owner } = this.#parts;
    const owned = new Map((await store.listOwnedRuns(owner)).map(({ runId, fence }) => [runId, fence] as const));
    for (const [runId, { conductor }] of this.#active) {
      if (owned.get(runId) !== conductor.writer.fence) conductor.lose(new StaleOwnerError(runId));
    }
  }
}
