import { tracingChannel } from "node:diagnostics_channel";

/** A call of git: what it does (`fetch`, `worktree add`) and on which folder. */
export interface GitCall {
  readonly verb: string;
  readonly folder: string;
}

/** A piece of work of the state store: a read, or a commit of what many have asked for. */
export interface StoreCall {
  readonly kind: "read" | "commit";
}

/** Work on a run, on one of its targets, or on one attempt of a step: what git and the store are called for. */
export interface RunCall {
  readonly runId: string;
  /** How often the run was begun: 1, and one more for each `runs retry`. */
  readonly runRound: number;
  /** That of whoever asked for the run. */
  readonly traceparent?: string;
  readonly target?: string;
  /** How often the target was begun. */
  readonly round?: number;
  readonly step?: string;
  readonly attempt?: number;
}

/**
 * Channels on which the lower rooms say what they call, for whoever measures it; they cost nothing while nobody listens. A room that
 * calls needs no room above it, and no parameter through every function: see docs/decisions/0080.
 *
 * @example
 * const rows = await storeCalls.tracePromise(() => read(), { kind: "read" });
 */
export const gitCalls = tracingChannel<"mahavishnu.git", GitCall>("mahavishnu.git");
export const storeCalls = tracingChannel<"mahavishnu.store", StoreCall>("mahavishnu.store");
export const runCalls = tracingChannel<unknown, RunCall>("mahavishnu.run");
