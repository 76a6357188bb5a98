import { isBad } from "./outcome.ts";
import { finallyKey, jobOf, type PlannedTarget } from "./plan.ts";
import { hasEnded, type RunState, type SkipCause, type TargetState } from "./state.ts";

/** What may happen to targets now. */
export type Decision =
  | { readonly kind: "start"; readonly key: string; readonly failedNeed: string | null }
  | { readonly kind: "skip"; readonly key: string; readonly because: SkipCause; readonly reason: string };

/** Decides which targets of a run may start and which must be skipped. Derived from the state alone, so it can be made anew after a crash. */
export interface Scheduler {
  /** All that can be decided now; a target that is to start counts as running from here on. */
  take(): Decision[];
  /** To be told when a target has ended, by whatever way; may make others ready. */
  ended(key: string): void;
}

/** What the scheduler is told besides the state. */
export interface SchedulerOptions {
  /** Targets of one job at a time where the sweep does not say. */
  readonly defaultParallel: number;
  /** Whether an `if` names a status function such as `always()`. */
  readonly judgesFailure: (condition: string) => boolean;
}

interface JobBook {
  readonly maxParallel: number;
  readonly stopOnFailure: boolean;
  readonly abortAbove: number;
  /** Whether its own `if` asks about failures, so that a failed need does not skip it. */
  readonly judgesFailure: boolean;
  total: number;
  /** Targets that have not ended. */
  open: number;
  succeeded: number;
  failed: number;
  firstFailed: string | null;
  /** Targets that were let start and have not ended. */
  readonly started: Set<string>;
  /** Places in the plan of targets that wait only for a free place, smallest first. */
  readonly ready: number[];
}

/** Makes the scheduler of a run. `finally` is not its business: the conductor starts it when all else has ended. */
export function createScheduler(state: RunState, options: SchedulerOptions): Scheduler {
  return new PlanScheduler(state, options);
}

class PlanScheduler implements Scheduler {
  readonly #state: RunState;
  readonly #jobs: ReadonlyMap<string, JobBook>;
  /** How many targets and jobs a target still waits for. */
  readonly #waitsFor = new Map<string, number>();
  /** Places in the plan of targets that wait for a target; for a whole job under `job:ID`. */
  readonly #dependents = new Map<string, number[]>();
  /** What is decided already: targets that were left in the middle, which go on whatever the failure policy says, and skips. */
  #decided: Decision[] = [];

  constructor(state: RunState, options: SchedulerOptions) {
    this.#state = state;
    this.#jobs = openBooks(state, options);
    const begun: Decision[] = [];
    for (const [place, target] of state.plan.targets.entries()) {
      const own = this.#stateOf(target.key);
      if (target.key === finallyKey || hasEnded(own)) continue;
      if (own.state === "running") {
        this.#bookOf(target.job).started.add(target.key);
        begun.push({ kind: "start", key: target.key, failedNeed: this.#findFailedNeed(target) });
        continue;
      }
      const open = [
        ...target.after.filter((wait) => !hasEnded(this.#stateOf(wait.target))).map((wait) => wait.target),
        ...(target.afterJobs ?? []).filter((job) => this.#bookOf(job).open > 0).map((job) => `job:${job}`),
      ];
      this.#waitsFor.set(target.key, open.length);
      for (const need of open) this.#addDependent(need, place);
      if (open.length === 0) this.#judge(place);
    }
    this.#decided = [...begun, ...this.#decided];
  }

  take(): Decision[] {
    const decisions = this.#decided;
    this.#decided = [];
    for (const book of this.#jobs.values()) {
      if (book.ready.length === 0) continue;
      const stopped = stopReason(book);
      if (stopped !== null) {
        for (const place of book.ready.splice(0)) {
          decisions.push({ kind: "skip", key: this.#planned(place).key, because: "policy", reason: stopped });
        }
        continue;
      }
      for (const place of book.ready.splice(0, Math.max(0, book.maxParallel - book.started.size))) {
        const target = this.#planned(place);
        book.started.add(target.key);
        decisions.push({ kind: "start", key: target.key, failedNeed: this.#findFailedNeed(target) });
      }
    }
    return decisions;
  }

  ended(key: string): void {
    const target = this.#stateOf(key);
    const book = this.#jobs.get(target.job);
    if (book === undefined) return;
    book.started.delete(key);
    book.open -= 1;
    countEnd(book, target);
    this.#release(key);
    if (book.open === 0) this.#release(`job:${target.job}`);
  }

  #addDependent(need: string, place: number): void {
    const list = this.#dependents.get(need);
    if (list === undefined) this.#dependents.set(need, [place]);
    else list.push(place);
  }

  /** What waited for this waits for one thing less. */
  #release(need: string): void {
    const places = this.#dependents.get(need) ?? [];
    this.#dependents.delete(need);
    for (const place of places) {
      const { key } = this.#planned(place);
      const left = (this.#waitsFor.get(key) ?? 0) - 1;
      this.#waitsFor.set(key, left);
      if (left === 0 && !hasEnded(this.#stateOf(key))) this.#judge(place);
    }
  }

  /** A target whose needs have all ended is ready, or skipped because of them. */
  #judge(place: number): void {
    const target = this.#planned(place);
    const book = this.#bookOf(target.job);
    const failedNeed = book.judgesFailure ? null : this.#findFailedNeed(target);
    if (failedNeed !== null) {
      this.#decided.push({ kind: "skip", key: target.key, because: "dependency", reason: failedNeed });
      return;
    }
    const before = book.ready.findLastIndex((other) => other < place);
    book.ready.splice(before + 1, 0, place);
  }

  /**
   * Why a target cannot be done, or null. A needed repository or the same repository's earlier job must not have ended badly;
   * a needed job that sweeps other repositories must have had at least one success.
   */
  #findFailedNeed(target: PlannedTarget): string | null {
    for (const { target: key, because } of target.after) {
      const need = this.#stateOf(key);
      if (because === "turn" || !isBad(need)) continue;
      const what = because === "repository" ? (need.repository ?? need.job) : `job ${need.job}`;
      return `needs ${what}, which ${need.state === "failed" ? "failed" : `was ${need.state}`}`;
    }
    for (const job of target.afterJobs ?? []) {
      const { total, succeeded } = this.#bookOf(job);
      if (total > 0 && succeeded === 0) return `needs job ${job}, in which nothing succeeded`;
    }
    return null;
  }

  #stateOf(key: string): TargetState {
    return this.#state.targets.get(key) as TargetState;
  }

  #planned(place: number): PlannedTarget {
    return this.#state.plan.targets[place] as PlannedTarget;
  }

  #bookOf(job: string): JobBook {
    return this.#jobs.get(job) as JobBook;
  }
}

function openBooks(state: RunState, options: SchedulerOptions): ReadonlyMap<string, JobBook> {
  const books = new Map<string, JobBook>();
  for (const { id } of state.plan.workflow.jobs) books.set(id, openBook(state, id, options));
  for (const target of state.targets.values()) {
    const book = books.get(target.job);
    if (book === undefined) continue;
    book.total += 1;
    if (hasEnded(target)) countEnd(book, target);
    else book.open += 1;
  }
  return books;
}

function openBook(state: RunState, id: string, options: SchedulerOptions): JobBook {
  const { sweep, if: condition } = jobOf(state.plan, id);
  return {
    maxParallel: sweep?.maxParallel ?? options.defaultParallel,
    stopOnFailure: sweep?.onFailure.mode === "stop",
    abortAbove: sweep?.onFailure.abortAbove ?? 1,
    judgesFailure: condition !== undefined && options.judgesFailure(condition),
    total: 0,
    open: 0,
    succeeded: 0,
    failed: 0,
    firstFailed: null,
    started: new Set(),
    ready: [],
  };
}

function countEnd(book: JobBook, target: TargetState): void {
  if (!isBad(target)) book.succeeded += 1;
  if (target.state !== "failed") return;
  book.failed += 1;
  book.firstFailed ??= target.repository ?? target.key;
}

function stopReason({ stopOnFailure, abortAbove, failed, firstFailed, total }: JobBook): string | null {
  if (stopOnFailure && failed > 0) return `stopped: ${firstFailed} failed`;
  if (failed / total <= abortAbove) return null;
  return `aborted: ${failed} of ${total} failed, more than ${Math.round(abortAbove * 100)} %`;
}
