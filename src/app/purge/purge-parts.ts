import type { ActionContext, Outputs } from "../../engine/contract.ts";
import type { Store } from "../../store/contract.ts";
import type { Pace } from "./pace.ts";

/** What a purge works with. */
export interface PurgeTools {
  readonly store: Store;
  /** Absolute path of `.mahavishnu`. */
  readonly stateFolder: string;
  readonly runsFolder: string;
  readonly worktreesFolder: string;
  /** Folders that every repository must lie under. */
  readonly allowedRoots: () => Promise<readonly string[]>;
}

/** One step of a purge. */
export interface PurgePart {
  readonly tools: PurgeTools;
  readonly context: Pick<ActionContext, "runId" | "log" | "signal">;
  /** Who asked for the purge. */
  readonly actor: string;
  /** The moment from which ages are counted. */
  readonly at: number;
}

/** Numbers as outputs of a step. */
export function toOutputs(counts: Readonly<Record<string, number>>, paces: readonly Pace[]): Outputs {
  const longestHoldMs = Math.ceil(Math.max(0, ...paces.map(({ longestMs }) => longestMs)));
  return Object.fromEntries(Object.entries({ ...counts, longestHoldMs }).map(([name, n]) => [name, String(n)]));
}
