import { isLive, type OwnerColumns, toOwner } from "./owners.ts";
import type { StoreParts } from "./store-parts.ts";

/** Whether the run at `position` may begin: fewer than `limit` go on, and no older one waits. To be asked inside a transaction. */
export type Admission = (position: number, limit: number) => boolean;

/**
 * Run slots are derived from the runs themselves, so none can leak: a run counts while it goes on and its owner lives. The cheap
 * question comes first; whose owners live is looked at only when it makes a difference.
 */
export function createAdmission({ db, now }: StoreParts): Admission {
  // Only active runs are in the partial index run_active, so both stay quick however long the history is.
  const goingOn = "run.ended_at IS NULL AND run.state IN ('running', 'cancelling')";
  const waiting = "run.ended_at IS NULL AND run.state = 'queued' AND run.position < ?";
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

  return (position, limit) => {
    const { going, waiting: isAnyWaiting } = look.get(position) as { going: number; waiting: number };
    if (going >= limit && livingRuns(ownersGoingOn.all()) >= limit) return false;
    return isAnyWaiting === 0 || livingRuns(ownersWaiting.all(position)) === 0;
  };
}
