import { isLive, type OwnerColumns, toOwner } from "./owner-row.ts";
import type { StoreParts } from "./store-parts.ts";

/** Decides which runs may begin; to be asked inside a transaction. */
export interface Admission {
  /** Whether a new run may begin: fewer than `limit` go on, and none waits. The run that follows from the answer must be written then. */
  admitNew(limit: number): boolean;
  /** Whether the waiting run at `position` may begin: fewer than `limit` go on, and no older one waits. */
  admitWaiting(position: number, limit: number): boolean;
  /** To be told when the state or the owner of a run has been changed by other means. */
  changed(): void;
}

/**
 * Run slots are derived from the runs themselves, so none can leak: a run counts while it goes on and its owner lives. The cheap
 * question comes first; whose owners live is looked at only when it makes a difference.
 *
 * First in, first out holds among runs of owners that live. A detached run that no server has claimed yet waits for a server and not
 * for a slot, so it is in nobody's way; once it is claimed, its position is that of its creation, before all that came later.
 */
export function createAdmission({ db, commits, now }: StoreParts): Admission {
  // Only active runs with an owner are in the partial index run_owned: both stay quick however long the history is, and however many
  // detached runs wait.
  const owned = "run.ended_at IS NULL AND run.owner_id IS NOT NULL";
  const goingOn = `${owned} AND run.state IN ('running', 'cancelling')`;
  const waiting = `${owned} AND run.state = 'queued' AND run.position < ?`;
  const look = db.prepare(`
    SELECT (SELECT count(*) FROM run WHERE ${goingOn}) AS going, EXISTS(SELECT 1 FROM run WHERE ${waiting}) AS waiting`);
  const owners = "owner.id, owner.pid, owner.start_time, owner.boot_id, owner.lease_until";
  const ownersGoingOn = db.prepare(`
    SELECT ${owners}, count(*) AS runs FROM run JOIN owner ON owner.id = run.owner_id WHERE ${goingOn} GROUP BY owner.id`);
  const ownersWaiting = db.prepare(`
    SELECT DISTINCT ${owners}, 1 AS runs FROM run JOIN owner ON owner.id = run.owner_id WHERE ${waiting}`);

  const livingRuns = (rows: readonly unknown[]): number => {
    const time = now();
    return (rows as (OwnerColumns & { runs: number })[])
      .filter((row) => isLive(toOwner(row), time))
      .reduce((sum, row) => sum + row.runs, 0);
  };

  const admits = ({ going, waiting: isAnyWaiting }: Counts, position: number, limit: number): boolean => {
    if (going >= limit && livingRuns(ownersGoingOn.all()) >= limit) return false;
    return isAnyWaiting === 0 || livingRuns(ownersWaiting.all(position)) === 0;
  };

  /** Nobody else writes in the same transaction, so for many new runs it is looked once and counted on. */
  let known = { transaction: -1, going: 0, waiting: 0 };

  return {
    admitNew: (limit) => {
      const { transaction } = commits;
      if (known.transaction !== transaction) known = { transaction, ...(look.get(newest) as unknown as Counts) };
      const isAdmitted = admits(known, newest, limit);
      if (isAdmitted) known.going += 1;
      else known.waiting = 1;
      return isAdmitted;
    },
    admitWaiting: (position, limit) => admits(look.get(position) as unknown as Counts, position, limit),
    changed: () => {
      known.transaction = -1;
    },
  };
}

/** A position behind all there are. */
const newest = Number.MAX_SAFE_INTEGER;

interface Counts {
  readonly going: number;
  /** 1 when any waits. */
  readonly waiting: number;
}
