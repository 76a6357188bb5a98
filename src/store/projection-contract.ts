/** What somebody has made of the journal up to a place. */
export interface Projection {
  /** The seq of the last event that is in it. */
  readonly seq: number;
  /** Its form belongs to whoever makes it. */
  readonly body: string;
}

/** An event with what is counted of it. */
export interface JournalFact {
  readonly seq: number;
  readonly runId: string;
  readonly workflow: string;
  /** When the run was recorded; this and `time` are milliseconds since 1970. */
  readonly createdAt: number;
  readonly type: string;
  readonly time: number;
  /** `state` of the event's data: how a run, a target or an attempt has ended. */
  readonly state: string | null;
  /** `failure` of the event's data: why an attempt has. */
  readonly failure: string | null;
}

/** A part of the journal. */
export interface FactPart {
  readonly facts: readonly JournalFact[];
  /** The seq up to which this part goes: what is not among the facts is of other types, or has been purged. */
  readonly upTo: number;
}

/** What waits and what goes on now. */
export interface Workload {
  /** Runs that are not over, by state; `interrupted` are those that had begun and that nobody who lives owns. */
  readonly active: Readonly<Record<string, number>>;
  /** Since when the run has waited that has waited the longest; null when none waits. */
  readonly oldestQueuedAt: number | null;
  /** Runs of processes that live which take a slot. */
  readonly runSlots: number;
  /** Step slots that processes hold which live. */
  readonly stepSlots: number;
}

/** What is made of the journal and kept with it, so that a restart neither loses nor doubles anything. */
export interface ProjectionStore {
  /** Null when nothing has been kept under this name. */
  readProjection(name: string): Promise<Projection | null>;
  /**
   * Keeps a projection in place of the one at `from` (null: there is none). False, with nothing written, when another one stands
   * there: another process was quicker, and this one goes on from what is there now.
   */
  saveProjection(name: string, from: number | null, projection: Projection): Promise<boolean>;
  /** Events of some types after a place, oldest first. It looks at `limit` events of any type at most. */
  readFacts(afterSeq: number, types: readonly string[], limit: number): Promise<FactPart>;
  /** Which of these runs are there. */
  findRuns(runIds: readonly string[]): Promise<ReadonlySet<string>>;
  /** What waits and goes on. It costs the same however many runs are over. */
  readWorkload(): Promise<Workload>;
}
