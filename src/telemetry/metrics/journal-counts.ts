import type { JournalFact } from "../../store/projection-contract.ts";
import type { HistogramPoint, MetricFamily } from "./metric-family.ts";
import { definitionOf, type MetricNameOf } from "./metric-table.ts";

/** The events that count. */
export const countedTypes = [
  "run.started",
  "run.retried",
  "run.finished",
  "target.finished",
  "target.skipped",
  "step.finished",
  "step.interrupted",
] as const;

/** So many workflows have a label of their own; whatever comes later is `other` to them all. */
export const maxWorkflows = 200;

const runStates = ["succeeded", "partial", "failed", "cancelled"] as const;
const targetStates = ["succeeded", "failed", "cancelled", "skipped"] as const;
const attemptResults = ["succeeded", "failed", "timeout", "infrastructure", "cancelled", "interrupted"] as const;

/** Counts of a histogram; milliseconds are summed up, so that the sum is exact. */
interface Distribution {
  readonly counts: number[];
  sumMs: number;
}

interface WorkflowCounts {
  started: number;
  readonly finished: Record<string, number>;
  readonly durations: Distribution;
}

/** A run that has begun, or is to be tried again, and is not over. */
interface OpenRun {
  /** Since when it waits to be tried again; it counts until it begins. */
  queuedAt?: number;
  startedAt?: number;
}

/** Everything as it is kept. */
interface Body {
  /** Goes up when the form or the buckets change: then the journal is counted anew. */
  readonly v: 1;
  readonly workflows: Record<string, WorkflowCounts>;
  readonly queueWaits: Distribution;
  readonly targets: Record<string, number>;
  readonly attempts: Record<string, number>;
  readonly open: Record<string, OpenRun>;
}

/**
 * Counts what the journal tells. What comes out depends on the events and on nothing else: whoever goes on with a snapshot counts as
 * if there had been no break, and every server comes to the same.
 *
 * @example
 * const counts = new JournalCounts();
 * for (const fact of facts) counts.apply(fact);
 * renderExposition(counts.families(), "text");
 */
export class JournalCounts {
  readonly #workflows: Map<string, WorkflowCounts>;
  readonly #queueWaits: Distribution;
  readonly #targets: Map<string, number>;
  readonly #attempts: Map<string, number>;
  /** As many as go on at once, and those that wait to be tried again. */
  readonly #open: Map<string, OpenRun>;

  constructor(body?: Body) {
    this.#workflows = new Map(Object.entries(body?.workflows ?? {}));
    this.#queueWaits = body?.queueWaits ?? beginDistribution("mahavishnu_queue_wait_seconds");
    this.#targets = new Map(Object.entries(body?.targets ?? zeros(targetStates)));
    this.#attempts = new Map(Object.entries(body?.attempts ?? zeros(attemptResults)));
    this.#open = new Map(Object.entries(body?.open ?? {}));
  }

  /** What was counted up to a snapshot; null when its form is not that of this version. */
  static fromSnapshot(text: string): JournalCounts | null {
    try {
      const body = JSON.parse(text) as Body;
      return body.v === 1 ? new JournalCounts(body) : null;
    } catch {
      return null;
    }
  }

  /** Everything as text, to go on with elsewhere. */
  snapshot(): string {
    const body: Body = {
      v: 1,
      workflows: Object.fromEntries(this.#workflows),
      queueWaits: this.#queueWaits,
      targets: Object.fromEntries(this.#targets),
      attempts: Object.fromEntries(this.#attempts),
      open: Object.fromEntries(this.#open),
    };
    return JSON.stringify(body);
  }

  /** Runs that have begun and are not over, as far as the journal was read. */
  get openRuns(): readonly string[] {
    return [...this.#open.keys()];
  }

  /** Lets go of runs that are not there any more: how they ended was purged before it was read. */
  forget(runIds: Iterable<string>): void {
    for (const runId of runIds) this.#open.delete(runId);
  }

  /** Counts one event; each is handed in once, in the order of the journal. */
  apply({ runId, workflow, createdAt, type, time, state, failure }: JournalFact): void {
    switch (type) {
      case "run.started":
        return this.#start(runId, workflow, createdAt, time);
      case "run.retried":
        return void this.#open.set(runId, { queuedAt: time });
      case "run.finished":
        return this.#finish(runId, workflow, time, state);
      case "target.finished":
        return increment(this.#targets, pick(targetStates, state, "failed"));
      case "target.skipped":
        return increment(this.#targets, "skipped");
      case "step.finished":
        return increment(this.#attempts, resultOf(state, failure));
      case "step.interrupted":
        return increment(this.#attempts, "interrupted");
    }
  }

  /** A run whose process has died waits for a slot once more and begins once more; it began only once. */
  #start(runId: string, workflow: string, createdAt: number, time: number): void {
    const open = this.#open.get(runId) ?? { queuedAt: createdAt };
    if (open.startedAt !== undefined) return;
    observe(this.#queueWaits, "mahavishnu_queue_wait_seconds", time - (open.queuedAt ?? time));
    this.#open.set(runId, { startedAt: time });
    this.#countsOf(workflow).started += 1;
  }

  #finish(runId: string, workflow: string, time: number, state: string | null): void {
    const counts = this.#countsOf(workflow);
    const end = pick(runStates, state, "failed");
    counts.finished[end] = (counts.finished[end] ?? 0) + 1;
    const startedAt = this.#open.get(runId)?.startedAt;
    this.#open.delete(runId);
    if (startedAt !== undefined) observe(counts.durations, "mahavishnu_run_duration_seconds", time - startedAt);
  }

  /** The name `other` is shared with a workflow that is called so. */
  #countsOf(workflow: string): WorkflowCounts {
    const known = this.#workflows.get(workflow);
    if (known !== undefined) return known;
    const hasOther = this.#workflows.has("other");
    const own = this.#workflows.size - (hasOther ? 1 : 0);
    const name = own < maxWorkflows ? workflow : "other";
    const counts = this.#workflows.get(name) ?? beginWorkflow();
    this.#workflows.set(name, counts);
    return counts;
  }

  /** All that was counted. A workflow is there with all its states from its first run on, so that no first failure is missed. */
  families(): MetricFamily[] {
    const workflows = [...this.#workflows].toSorted(([a], [b]) => (a < b ? -1 : 1));
    return [
      {
        name: "mahavishnu_runs_started_total",
        points: workflows.map(([workflow, { started }]) => ({ labels: { workflow }, value: started })),
      },
      {
        name: "mahavishnu_runs_finished_total",
        points: workflows.flatMap(([workflow, { finished }]) =>
          runStates.map((state) => ({ labels: { workflow, state }, value: finished[state] ?? 0 })),
        ),
      },
      {
        name: "mahavishnu_run_duration_seconds",
        points: workflows.map(([workflow, { durations }]) => pointOf({ workflow }, durations)),
      },
      { name: "mahavishnu_queue_wait_seconds", points: [pointOf({}, this.#queueWaits)] },
      {
        name: "mahavishnu_targets_finished_total",
        points: [...this.#targets].map(([state, value]) => ({ labels: { state }, value })),
      },
      {
        name: "mahavishnu_step_attempts_total",
        points: [...this.#attempts].map(([result, value]) => ({ labels: { result }, value })),
      },
    ];
  }
}

type JournalHistogram = MetricNameOf<"histogram">;

function beginWorkflow(): WorkflowCounts {
  return { started: 0, finished: zeros(runStates), durations: beginDistribution("mahavishnu_run_duration_seconds") };
}

function beginDistribution(name: JournalHistogram): Distribution {
  return { counts: [...(definitionOf(name).buckets ?? []), 0].fill(0), sumMs: 0 };
}

/** A clock that was set back makes no time negative. */
function observe(distribution: Distribution, name: JournalHistogram, ms: number): void {
  const time = Math.max(0, ms);
  const bounds = definitionOf(name).buckets ?? [];
  const found = bounds.findIndex((bound) => time <= bound * 1_000);
  const bucket = found === -1 ? bounds.length : found;
  distribution.counts[bucket] = (distribution.counts[bucket] ?? 0) + 1;
  distribution.sumMs += time;
}

function pointOf(labels: HistogramPoint["labels"], { counts, sumMs }: Distribution): HistogramPoint {
  // A copy: what is rendered later is what was so now.
  return { labels, counts: [...counts], sum: sumMs / 1_000 };
}

function resultOf(state: string | null, failure: string | null): string {
  return state === "failed" && (failure === "timeout" || failure === "infrastructure")
    ? failure
    : pick(attemptResults, state, "failed");
}

function pick(names: readonly string[], given: string | null, otherwise: string): string {
  return given !== null && names.includes(given) ? given : otherwise;
}

function increment(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

function zeros(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(names.map((name) => [name, 0]));
}
