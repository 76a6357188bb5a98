import type { RunState } from "../engine/state.ts";
import type { RecentMap } from "../lib/recent-map.ts";
import type { EventRecord, RunRow } from "../store/contract.ts";

/** A run as the store has it. Nobody changes anything of it: it may be shared. */
export interface StoredRun {
  readonly row: RunRow;
  readonly events: readonly EventRecord[];
  readonly state: RunState;
}

/** Runs that are over, as they were read; true as long as the row says that nothing was added. */
export type RecentRuns = RecentMap<string, StoredRun>;
