import { MahavishnuError } from "../lib/errors.ts";
import type { EventRecord, NewEvent } from "./contract.ts";
import type { StoreParts } from "./store-parts.ts";

/** Where a run's next events go. */
export interface ChainEnd {
  /** The run's position. */
  readonly run: number;
  /** How many events the run has. */
  readonly runSeq: number;
  /** The seq of the run's last event; 0 when it has none. */
  readonly tail: number;
}

/** The events of all runs in one table, those of one run linked backwards: `run.tail`, then `event.before` of each. */
export interface EventChain {
  /** Numbers for so many events, the first of them; only inside a transaction. */
  takeSeqs(count: number): number;
  /** Writes events at the end of a run's chain; `texts` are their data as JSON. */
  write(end: ChainEnd, seq: number, events: readonly NewEvent[], texts: readonly string[]): void;
  /** @throws MahavishnuError STATE_DAMAGED when the chain is broken */
  read(runId: string, afterRunSeq: number): EventRecord[];
}

/**
 * Makes the chain. An index on the run would cost as much as the rows themselves: the runs that go on at once touch as many of its
 * pages, and every one of them is written with each commit.
 */
export function createEventChain({ db, commits }: StoreParts): EventChain {
  const newest = db.prepare("SELECT coalesce(max(seq), 0) AS seq FROM event");
  const insert = db.prepare(`
    INSERT INTO event(seq, run, run_seq, before, type, v, time, actor, reason, data) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`);
  const select = db.prepare(`
    WITH RECURSIVE chain(seq, before) AS (
      SELECT event.seq, event.before FROM run JOIN event ON event.seq = run.tail WHERE run.id = ?1 AND event.run_seq > ?2
      UNION ALL
      SELECT event.seq, event.before FROM chain JOIN event ON event.seq = chain.before WHERE event.run_seq > ?2
    )
    SELECT event.seq, ?1 AS runId, run_seq AS runSeq, type, v, time, actor, reason, data
    FROM chain CROSS JOIN event ON event.seq = chain.seq ORDER BY event.seq`);
  const length = db.prepare("SELECT run_seq FROM run WHERE id = ?");
  /** Read once in each transaction, in which nobody else writes. */
  let numbering = { transaction: -1, next: 0 };

  return {
    takeSeqs: (count) => {
      if (numbering.transaction !== commits.transaction) {
        numbering = { transaction: commits.transaction, next: (newest.get() as { seq: number }).seq + 1 };
      }
      const first = numbering.next;
      numbering.next += count;
      return first;
    },

    write: ({ run, runSeq, tail }, first, events, texts) => {
      for (let index = 0; index < events.length; index += 1) {
        const { type, v, time, actor, reason } = events[index] as NewEvent;
        const before = index === 0 ? tail : first + index - 1;
        const text = texts[index] as string;
        insert.run(first + index, run, runSeq + index + 1, before, type, v, time, actor, reason, text);
      }
    },

    read: (runId, afterRunSeq) => {
      // Asked first: another process may add to the chain between the two.
      const known = (length.get(runId) as { run_seq: number } | undefined)?.run_seq ?? 0;
      const rows = select.all(runId, afterRunSeq) as unknown as (EventRecord & { readonly data: string })[];
      const last = rows.at(-1)?.runSeq ?? afterRunSeq;
      if (last < known || rows.length !== last - afterRunSeq) {
        // Purged in between: a run that is not there has no events.
        if (length.get(runId) === undefined) return [];
        throw new MahavishnuError(
          "STATE_DAMAGED",
          `run ${runId} has ${known} events, and not all of them can be found`,
        );
      }
      return rows.map((row) => ({ ...row, data: JSON.parse(row.data) as unknown }));
    },
  };
}
