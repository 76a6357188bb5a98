/** Runs that have ended in a time behind now: how many there are, and how many of them were good. */
export interface GoodRuns {
  readonly good: number;
  readonly total: number;
}

/** What is counted. */
export interface GoodRunsQuery {
  /** For each, runs that ended at or after it, in milliseconds since 1970. */
  readonly since: readonly number[];
  /** Only runs of these workflows; of all but those of the product itself, such as purges, when empty. */
  readonly workflows: readonly string[];
  /** Milliseconds from when a run was asked for to its end; null when any time is good, as long as it has succeeded. */
  readonly withinMs: number | null;
}

/** Counting for objectives. */
export interface ObjectiveStore {
  /** For each time of `since`, in their order. Cancelled runs do not count. One pass over an index, as long as the longest time. */
  countGoodRuns(query: GoodRunsQuery): Promise<readonly GoodRuns[]>;
  /**
   * The newest end of a run that would count and was purged, in milliseconds since 1970; null when none was. What has ended until then is not
   * wholly there: a part of it may have gone and the rest not.
   */
  readForgottenUpTo(): Promise<number | null>;
}
