import type { Log } from "../../lib/log.ts";
import type { Store } from "../../store/contract.ts";
import { JournalFollower } from "./journal-follower.ts";
import { Metrics } from "./metrics.ts";
import { ProcessInstruments } from "./process-instruments.ts";

/**
 * Begins to count. What counts in the process is loaded with this file, so it is imported where something is counted and nowhere else.
 *
 * @example
 * await using metrics = await openMetrics({ store, log });
 */
export async function openMetrics({ store, log }: { readonly store: Store; readonly log: Log }): Promise<Metrics> {
  const follower = await JournalFollower.open({ store, log });
  return new Metrics({ follower, process: new ProcessInstruments({ log }), log });
}
