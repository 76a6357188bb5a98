import type { AppendOptions, RepositoryResult, RunJournal, RunProjection } from "../store/contract.ts";
import { type DataOf, makeEvent, type RunEvent } from "./events.ts";
import { countWork } from "./outcome.ts";
import { reduce } from "./reduce.ts";
import type { RunState, TargetState } from "./state.ts";

/** Told of events once they are durable. What it throws is its own affair and never the run's. */
export type RunObserver = (state: RunState, events: readonly RunEvent[]) => void;

/** Why, and who made it so; the engine itself unless said otherwise. */
export interface Telling {
  readonly reason?: string;
  readonly actor?: string;
}

/** Further wishes with a flush. */
export interface FlushOptions {
  readonly answers?: number;
  readonly release?: boolean;
}

type Writable<T> = { -readonly [Key in keyof T]: T[Key] };

/** What a writer is made of. */
export interface WriterOptions {
  readonly state: RunState;
  readonly journal: RunJournal;
  readonly fence: number;
  /** The run's place in the order of creation. */
  readonly position: number;
  readonly now: () => number;
  readonly observe: RunObserver;
  /** Resolves when what the state holds already is durable and told; only for a run that is just being recorded. */
  readonly born?: Promise<unknown>;
}

/**
 * The one writer of a run's history. `add` reduces an event into the state at once, so that the next decision can be taken, and
 * keeps it back; `flush` makes everything added so far durable. Nothing may act on a decision before its flush has resolved.
 */
export class RunWriter {
  readonly state: RunState;
  readonly fence: number;
  readonly position: number;
  readonly #journal: RunJournal;
  readonly #now: () => number;
  readonly #observe: RunObserver;
  #born: Promise<unknown> | undefined;
  #pending: RunEvent[] = [];
  #results: RepositoryResult[] = [];
  #rowChanged = false;
  #starting: Promise<boolean> | undefined;
  #reservations = 0;
  /** The run's last sequence number once all handed over is durable. */
  #handedOver: number;

  constructor(options: WriterOptions) {
    this.state = options.state;
    this.fence = options.fence;
    this.position = options.position;
    this.#journal = options.journal;
    this.#now = options.now;
    this.#observe = options.observe;
    this.#born = options.born;
    this.#handedOver = options.state.runSeq;
  }

  /** Whether anything was added that no flush has taken yet. */
  get hasPending(): boolean {
    return this.#pending.length > 0;
  }

  /** Reduces an event and keeps it for the next flush. */
  add<Type extends RunEvent["type"]>(type: Type, data: DataOf<Type>, telling: Telling = {}): void {
    const about = { time: this.#now(), actor: telling.actor ?? "engine", reason: telling.reason ?? "" };
    const event: RunEvent = makeEvent(type, data, about);
    if (reduce(this.state, event)) this.#rowChanged = true;
    this.#pending.push(event);
    if (event.type === "target.finished" || event.type === "target.skipped") {
      this.#addResult(event.data.target, event.time);
    }
  }

  #addResult(key: string, endedAt: number): void {
    const { repository, job, state } = this.state.targets.get(key) as TargetState;
    if (repository !== null) this.#results.push({ repository, runId: this.state.id, job, state, endedAt });
  }

  /**
   * Writes what was added. Resolves when it is durable.
   *
   * @throws StaleOwnerError when another process has taken over; the run is not ours any more.
   */
  async flush(options?: FlushOptions): Promise<void> {
    const events = this.#pending;
    const appended: Writable<AppendOptions> = { expectedRunSeq: this.#handedOver, fence: this.fence };
    this.#pending = [];
    this.#handedOver += events.length;
    if (this.#rowChanged) appended.row = projectRow(this.state);
    this.#rowChanged = false;
    if (this.#results.length > 0) {
      appended.results = this.#results;
      this.#results = [];
    }
    if (options !== undefined) Object.assign(appended, options);
    await this.#journal.append(this.state.id, events, appended);
    // Observers hear of a run's creation first.
    if (this.#born !== undefined) await this.#born;
    this.#born = undefined;
    tellObserver(this.#observe, this.state, events);
  }

  /**
   * Asks for a run slot: `run.started` is reduced and written only if there is one. Nothing may be added meanwhile, so the answer is no
   * at once while the writer is reserved.
   */
  start(admitBelow: number): Promise<boolean> {
    if (this.#reservations > 0) return Promise.resolve(false);
    this.#starting = this.#start(admitBelow).finally(() => {
      this.#starting = undefined;
    });
    return this.#starting;
  }

  /** Resolves when no start is being asked for; until what it gives is disposed, none will be, and something may be added. */
  async reserve(): Promise<Disposable> {
    this.#reservations += 1;
    await this.#starting?.catch(() => undefined);
    return {
      [Symbol.dispose]: () => {
        this.#reservations -= 1;
      },
    };
  }

  async #start(admitBelow: number): Promise<boolean> {
    const about = { time: this.#now(), actor: "engine", reason: "a run slot was free" };
    const event = makeEvent("run.started", {}, about);
    const written = await this.#journal.append(this.state.id, [event], {
      expectedRunSeq: this.#handedOver,
      fence: this.fence,
      admitBelow,
      row: {
        ...projectRow(this.state),
        state: "running",
        reason: event.reason,
        startedAt: this.state.startedAt ?? event.time,
      },
    });
    if (!written) return false;
    this.#handedOver += 1;
    reduce(this.state, event);
    if (this.#born !== undefined) await this.#born;
    this.#born = undefined;
    tellObserver(this.#observe, this.state, [event]);
    return true;
  }
}

/** Tells an observer; what is durable cannot fail any more because of who looks on. */
export function tellObserver(observe: RunObserver, state: RunState, events: readonly RunEvent[]): void {
  try {
    observe(state, events);
  } catch (error) {
    process.emitWarning(error instanceof Error ? error : String(error));
  }
}

/** The row that lists show for a state. */
export function projectRow(state: RunState): RunProjection {
  return {
    state: state.state,
    reason: state.cause.reason,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    counts: { ...countWork(state) },
  };
}
