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

interface JobBook {
  readonly maxParallel: number;
  readonly stopOnFailure: boolean;
  readonly abortAbove: number;
  /** Whether its own `if` asks about failures, so that a failed need does not skip it. */
  readonly judgesFailure: boolean;
  readonly total: number;
  running: number;
  failed: number;
  firstFailed: string | null;
  /** Places in the plan of targets that wait only for a free place, smallest first. */
  ready: number[];
}

/** What the scheduler is told besides the state. */
export interface SchedulerOptions {
  /** Targets of one job at a time where the sweep does not say. */
  readonly defaultParallel: number;
  /** Whether an `if` names a status function such as `always()`. */
  readonly judgesFailure: (condition: string) => boolean;
}

/** Makes the scheduler of a run. `finally` is not its business: the conductor starts it when all else has ended. */
export function createScheduler(state: RunState, options: SchedulerOptions): Scheduler {
  const planned = state.plan.targets;
  const jobs = new Map(state.plan.workflow.jobs.map((job) => [job.id, openBook(state, job.id, options)] as const));
  const waitsFor = new Map<string, number>();
  const dependents = new Map<string, number[]>();
  const skips: Decision[] = [];
  /** Targets that a crash or a release left in the middle: they go on whatever the failure policy says. */
  const begun: Decision[] = [];

  for (const [place, target] of planned.entries()) {
    const own = targetOf(state, target.key);
    if (target.key === finallyKey || hasEnded(own)) continue;
    if (own.state === "running") {
      (jobs.get(target.job) as JobBook).running += 1;
      begun.push({ kind: "start", key: target.key, failedNeed: findFailedNeed(state, target) });
      continue;
    }
    const open = target.after.filter((wait) => !hasEnded(targetOf(state, wait.target)));
    waitsFor.set(target.key, open.length);
    for (const { target: need } of open) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [place]);
      else list.push(place);
    }
    if (open.length === 0) judge(place);
  }

  /** A target whose needs have all ended is ready, or skipped because of them. */
  function judge(place: number): void {
    const target = planned[place] as PlannedTarget;
    const book = jobs.get(target.job) as JobBook;
    const failedNeed = findFailedNeed(state, target);
    if (failedNeed !== null && !book.judgesFailure) {
      skips.push({ kind: "skip", key: target.key, because: "dependency", reason: failedNeed });
      return;
    }
    const at = book.ready.findIndex((other) => other > place);
    if (at === -1) book.ready.push(place);
    else book.ready.splice(at, 0, place);
  }

  return {
    take: () => {
      const decisions = [...begun.splice(0), ...skips.splice(0)];
      for (const book of jobs.values()) {
        const stopped = stopReason(book);
        if (stopped !== null) {
          for (const place of book.ready.splice(0)) {
            decisions.push({
              kind: "skip",
              key: (planned[place] as PlannedTarget).key,
              because: "policy",
              reason: stopped,
            });
          }
          continue;
        }
        while (book.running < book.maxParallel && book.ready.length > 0) {
          const target = planned[book.ready.shift() as number] as PlannedTarget;
          book.running += 1;
          decisions.push({ kind: "start", key: target.key, failedNeed: findFailedNeed(state, target) });
        }
      }
      return decisions;
    },
    ended: (key) => {
      const target = targetOf(state, key);
      const book = jobs.get(target.job) as JobBook;
      if (target.startedAt !== null) book.running -= 1;
      if (target.state === "failed") {
        book.failed += 1;
        book.firstFailed ??= target.repository ?? key;
      }
      for (const place of dependents.get(key) ?? []) {
        const dependent = (planned[place] as PlannedTarget).key;
        const left = (waitsFor.get(dependent) ?? 0) - 1;
        waitsFor.set(dependent, left);
        if (left === 0 && !hasEnded(targetOf(state, dependent))) judge(place);
      }
      dependents.delete(key);
    },
  };
}

function openBook(state: RunState, id: string, options: SchedulerOptions): JobBook {
  const { sweep, if: condition } = jobOf(state.plan, id);
  const mine = [...state.targets.values()].filter((target) => target.job === id);
  const failed = mine.filter((target) => target.state === "failed");
  return {
    maxParallel: sweep?.maxParallel ?? options.defaultParallel,
    stopOnFailure: sweep?.onFailure.mode === "stop",
    abortAbove: sweep?.onFailure.abortAbove ?? 1,
    judgesFailure: condition !== undefined && options.judgesFailure(condition),
    total: mine.length,
    running: 0,
    failed: failed.length,
    firstFailed: failed[0]?.repository ?? null,
    ready: [],
  };
}

function stopReason(book: JobBook): string | null {
  if (book.stopOnFailure && book.failed > 0) return `stopped: ${book.firstFailed} failed`;
  if (book.failed / book.total > book.abortAbove) {
    return `aborted: ${book.failed} of ${book.total} failed, more than ${Math.round(book.abortAbove * 100)} %`;
  }
  return null;
}

/**
 * Why a target cannot be done, or null. A needed repository or the same repository's earlier job must not have ended badly;
 * a needed job that sweeps other repositories must have had at least one success.
 */
function findFailedNeed(state: RunState, target: PlannedTarget): string | null {
  const hasSuccess = new Map<string, boolean>();
  for (const { target: key, because } of target.after) {
    const need = targetOf(state, key);
    if (because === "repository" && isBad(need)) return `needs ${need.repository ?? need.job}, which ${told(need)}`;
    if (because !== "job") continue;
    if (need.repository === target.repository && isBad(need)) return `needs job ${need.job}, which ${told(need)}`;
    hasSuccess.set(need.job, (hasSuccess.get(need.job) ?? false) || !isBad(need));
  }
  const barren = [...hasSuccess].find(([, success]) => !success);
  return barren === undefined ? null : `needs job ${barren[0]}, in which nothing succeeded`;
}

function told(target: TargetState): string {
  return target.state === "failed" ? "failed" : `was ${target.state}`;
}

function targetOf(state: RunState, key: string): TargetState {
  return state.targets.get(key) as TargetState;
}
