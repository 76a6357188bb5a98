import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../lib/clock.ts";
import { MahavishnuError } from "../lib/errors.ts";
import { newRunId } from "../lib/ids.ts";
import { identifyProcess } from "../lib/process-identity.ts";
import type { Owner, Store } from "../store/contract.ts";
import { Expressions } from "../workflows/expressions.ts";
import { type CancelWish, Conductor } from "./conduct-run.ts";
import type { ActionRegistry, Secrets } from "./contract.ts";
import type { EngineLimits, EngineParts } from "./engine-parts.ts";
import { makeEvent } from "./events.ts";
import type { Plan } from "./plan.ts";
import { beginState, reduce, replay } from "./reduce.ts";
import { chooseRetries, type RetryChoice } from "./retry-run.ts";
import { RunQueue } from "./run-queue.ts";
import { projectRow, type RunObserver, RunWriter, type Telling } from "./run-writer.ts";
import { isOver, type RunState } from "./state.ts";
import { StepSlots } from "./step-slots.ts";

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
  /** Told of every event once it is durable. */
  readonly observe?: RunObserver;
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
  start(request: StartRequest): Promise<{ readonly runId: string; readonly handle: RunHandle | null }>;
  /** Takes over a run that has no living owner and goes on with it. @throws MahavishnuError RUN_OWNED, RUN_STATE */
  resume(runId: string, cancel?: CancelWish): Promise<RunHandle>;
  /** Begins a run that is over once more, for what did not succeed. @throws MahavishnuError RUN_OWNED, RUN_STATE */
  retry(runId: string, choice: RetryChoice, telling: Required<Telling>): Promise<RunHandle>;
  /** Leaves all active runs to other processes; running steps are ended. Resolves when they have let go. */
  release(): Promise<readonly string[]>;
}

/** A run to be started. */
export interface StartRequest {
  readonly plan: Plan;
  readonly actor: string;
  readonly reason: string;
  readonly idempotencyKey?: string;
}

/**
 * Makes the embedded engine. It does nothing until a run is started, and nothing more when none is active.
 *
 * @example
 * await using engine = createEngine({ store, actions, limits, secrets: new Map(), baseEnv: {}, runsFolder, worktreesFolder });
 * const { handle } = await engine.start({ plan, actor: "local:dana", reason: "mahavishnu run" });
 * const { state } = await handle.done;
 */
export function createEngine(options: EngineOptions): Engine {
  return new EmbeddedEngine(options);
}

class EmbeddedEngine implements Engine {
  readonly #parts: EngineParts;
  readonly #queue: RunQueue;
  readonly #active = new Map<string, Conductor>();
  #beat: NodeJS.Timeout | undefined;
  #tick: NodeJS.Timeout | undefined;
  #known: Promise<void> | undefined;
  #dataVersion = 0;
  #lookedAt = 0;

  constructor(options: EngineOptions) {
    const identity = identifyProcess(process.pid);
    if (identity === null) throw new MahavishnuError("INTERNAL", "this process cannot see itself");
    const owner: Owner = { id: randomUUID(), ...identity };
    const { store, limits, clock = systemClock, random = Math.random, observe = () => undefined } = options;
    const slots = new StepSlots(store, owner, limits.maxConcurrentSteps);
    this.#parts = { ...options, owner, slots, clock, random, observe, expressions: new Expressions() };
    this.#queue = new RunQueue(limits.maxConcurrentRuns);
  }

  async start({
    plan,
    actor,
    reason,
    idempotencyKey,
  }: StartRequest): Promise<{ runId: string; handle: RunHandle | null }> {
    const { store, clock, limits, owner } = this.#parts;
    await this.#becomeKnown();
    const id = newRunId();
    const created = makeEvent("run.created", { plan }, { time: clock.now(), actor, reason });
    const started = makeEvent("run.started", {}, { time: clock.now(), actor: "engine", reason: "a run slot was free" });
    const state = beginState(id, created);
    const row = projectRow(state);
    const { name, revision } = plan.workflow;
    const result = await store.createRun({
      id,
      workflow: name,
      revision,
      actor,
      owner,
      events: [created],
      row,
      start: {
        admitBelow: limits.maxConcurrentRuns,
        event: started,
        row: { ...row, state: "running", reason: started.reason, startedAt: started.time },
      },
      ...(idempotencyKey === undefined ? {} : { idempotencyKey }),
    });
    if (!result.created) return { runId: result.runId, handle: null };
    const events = result.started ? [created, started] : [created];
    if (result.started) reduce(state, started);
    this.#parts.observe(state, events);
    return { runId: id, handle: this.#begin(this.#makeConductor(state, result.fence)) };
  }

  async resume(runId: string, cancel?: CancelWish): Promise<RunHandle> {
    return await this.#claim(runId, async (conductor) => {
      if (isOver(conductor.state.state))
        throw new MahavishnuError("RUN_STATE", `run ${runId} is over: ${conductor.state.state}`);
      await conductor.takeOver();
      if (cancel !== undefined) await conductor.cancel(cancel);
    });
  }

  async retry(runId: string, choice: RetryChoice, telling: Required<Telling>): Promise<RunHandle> {
    return await this.#claim(runId, async ({ state, writer }) => {
      const targets = chooseRetries(state, choice);
      writer.add("run.retried", { targets }, telling);
      await writer.flush();
    });
  }

  async release(): Promise<readonly string[]> {
    const released = [...this.#active.keys()];
    const conductors = [...this.#active.values()];
    for (const conductor of conductors) conductor.release();
    while (this.#active.size > 0) await new Promise((resolve) => setTimeout(resolve, 5));
    return released;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
    this.#stopTimers();
    if (this.#known !== undefined) await this.#parts.store.removeOwner(this.#parts.owner);
    this.#known = undefined;
  }

  /** Owns a run that nobody else owns, with its whole history replayed, and begins it; what cannot be begun is given up again. */
  async #claim(runId: string, prepare: (conductor: Conductor) => Promise<void>): Promise<RunHandle> {
    const { store, owner } = this.#parts;
    if (this.#active.has(runId)) throw new MahavishnuError("RUN_OWNED", `run ${runId} is going on in this process`);
    await this.#becomeKnown();
    const claim = await store.claimRun(runId, owner);
    if (claim === null) throw new MahavishnuError("RUN_OWNED", `run ${runId} is owned by a living process`);
    const conductor = this.#makeConductor(replay(await store.readEvents(runId)), claim.fence);
    try {
      await prepare(conductor);
    } catch (error) {
      await conductor.writer.flush({ release: true });
      throw error;
    }
    return this.#begin(conductor);
  }

  #makeConductor(state: RunState, fence: number): Conductor {
    const { store, clock, observe } = this.#parts;
    const writer = new RunWriter({ state, journal: store, fence, now: () => clock.now(), observe });
    return new Conductor(this.#parts, this.#queue, writer);
  }

  #begin(conductor: Conductor): RunHandle {
    const { state } = conductor;
    this.#active.set(state.id, conductor);
    this.#startTimers();
    const done = conductor.conduct().finally(() => {
      this.#active.delete(state.id);
      this.#queue.lookAgain();
      if (this.#active.size === 0) this.#stopTimers();
    });
    // Whoever never asks for the end must not bring the process down with an unhandled rejection.
    done.catch(() => undefined);
    return { runId: state.id, state, done, cancel: (wish) => conductor.cancel(wish) };
  }

  /** The first heartbeat, once: from then on the store knows this owner. */
  #becomeKnown(): Promise<void> {
    this.#known ??= this.#heartbeat();
    return this.#known;
  }

  #heartbeat(): Promise<void> {
    const { store, owner, clock, limits } = this.#parts;
    return store.heartbeat(owner, clock.now() + limits.leaseMs);
  }

  #startTimers(): void {
    // A missed beat is not an error yet: the lease is several beats long, and a lost run shows at its next write.
    this.#beat ??= setInterval(() => void this.#heartbeat().catch(() => undefined), this.#parts.limits.heartbeatMs);
    this.#tick ??= setInterval(() => void this.#listen().catch(() => undefined), tickMs);
  }

  #stopTimers(): void {
    clearInterval(this.#beat);
    clearInterval(this.#tick);
    this.#beat = undefined;
    this.#tick = undefined;
  }

  /** Hears what other processes have written: requests for runs of ours, and slots that became free. */
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
    if (!changed) return;
    for (const { runId, id, actor, reason, atOnce } of await store.listRequests(owner)) {
      await this.#active.get(runId)?.cancel({ actor, reason, atOnce, answers: id });
    }
  }
}
