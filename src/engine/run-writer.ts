import type { RepositoryResult, RunJournal, RunProjection } from "../store/contract.ts";
import { type DataOf, makeEvent, type RunEvent } from "./events.ts";
import { reduce } from "./reduce.ts";
import type { RunState, TargetState } from "./state.ts";

/** Told of events once they are durable. */
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

/**
 * The one writer of a run's history. `add` reduces an event into the state at once, so that the next decision can be taken, and
 * keeps it back; `flush` makes everything added so far durable. Nothing may act on a decision before its flush has resolved.
 */
export class RunWriter {
  readonly state: RunState;
  readonly #journal: RunJournal;
  readonly #fence: number;
  readonly #now: () => number;
  readonly #observe: RunObserver;
  #pending: RunEvent[] = [];
  #results: RepositoryResult[] = [];
  #rowChanged = false;
  /** The run's last sequence number once all handed over is durable. */
  #handedOver: number;

  constructor(options: {
    readonly state: RunState;
    readonly journal: RunJournal;
    readonly fence: number;
    readonly now: () => number;
    readonly observe: RunObserver;
  }) {
    this.state = options.state;
    this.#journal = options.journal;
    this.#fence = options.fence;
    this.#now = options.now;
    this.#observe = options.observe;
    this.#handedOver = options.state.runSeq;
  }

  /** Reduces an event and keeps it for the next flush. */
  add<Type extends RunEvent["type"]>(type: Type, data: DataOf<Type>, telling: Telling = {}): void {
    const event: RunEvent = makeEvent(type, data, {
      time: this.#now(),
      actor: telling.actor ?? "engine",
      reason: telling.reason ?? "",
    });
    if (reduce(this.state, event)) this.#rowChanged = true;
    this.#pending.push(event);
    if (event.type === "target.finished" || event.type === "target.skipped")
      this.#addResult(event.data.target, event.time);
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
  async flush(options: FlushOptions = {}): Promise<void> {
    const events = this.#pending;
    const results = this.#results;
    const expectedRunSeq = this.#handedOver;
    this.#pending = [];
    this.#results = [];
    this.#handedOver += events.length;
    const row = this.#rowChanged ? { row: projectRow(this.state) } : {};
    this.#rowChanged = false;
    await this.#journal.append(this.state.id, events, {
      expectedRunSeq,
      fence: this.#fence,
      ...row,
      ...(results.length > 0 ? { results } : {}),
      ...options,
    });
    this.#observe(this.state, events);
  }

  /** Asks for a run slot: `run.started` is reduced and written only if there is one. */
  async start(admitBelow: number): Promise<boolean> {
    const event = makeEvent("run.started", {}, { time: this.#now(), actor: "engine", reason: "a run slot was free" });
    const written = await this.#journal.append(this.state.id, [event], {
      expectedRunSeq: this.#handedOver,
      fence: this.#fence,
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
    this.#observe(this.state, [event]);
    return true;
  }
}

/** The row that lists show for a state. */
export function projectRow(state: RunState): RunProjection {
  return {
    state: state.state,
    reason: state.cause.reason,
    startedAt: state.startedAt,
    endedAt: state.endedAt,
    counts: { ...state.counts },
  };
}
