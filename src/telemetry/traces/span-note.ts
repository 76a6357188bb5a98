/** Something of a run that has ended, as the thread that works notes it down: what it costs there is what tracing costs. */
export type SpanNote = PartNote | CallNote;

/** Which run it is about, whose part it is. */
interface OfRun {
  readonly runId: string;
  readonly traceparent: string | undefined;
  /** How often the run was begun. */
  readonly runRound: number;
}

/** A run, job, target, step or attempt. */
export interface PartNote extends OfRun {
  readonly part: "run" | "job" | "target" | "step" | "attempt";
  readonly workflow: string;
  /** Milliseconds since 1970, of the journal. */
  readonly start: number;
  readonly end: number;
  readonly outcome: string;
  readonly reason: string;
  /** Of a run: who asked, and when its turn came. */
  readonly revision?: string;
  readonly actor?: string;
  readonly startedAt?: number;
  readonly job?: string;
  readonly repository?: string;
  readonly branch?: string;
  readonly target?: string;
  /** How often the target was begun. */
  readonly round?: number;
  readonly step?: string;
  readonly attempt?: number;
  readonly exitCode?: number;
  readonly failure?: string;
}

/** A call of git or the store for a run, a target or an attempt. */
export interface CallNote extends OfRun {
  readonly part: "git" | "store";
  /** `worktree add`, `commit`. */
  readonly verb: string;
  readonly folder?: string;
  readonly start: number;
  readonly end: number;
  readonly error?: string;
  readonly target?: string;
  readonly round?: number;
  readonly step?: string;
  readonly attempt?: number;
}

/** Takes what has ended. */
export type TakeNote = (note: SpanNote) => void;
