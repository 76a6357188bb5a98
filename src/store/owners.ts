import type { StatementSync } from "node:sqlite";
import type { OwnedRun, RunDirectory, RunRequest, StepSlots, UnownedRun } from "./contract.ts";
import { isLive, type OwnerColumns, toOwner } from "./owner-row.ts";
import type { StoreParts } from "./store-parts.ts";

/** Rows of owners that have been silent for this long are forgotten; who wakes even later makes itself known again. */
const forgottenAfterMs = 60 * 60_000;

/**
 * The part of the store that knows which process owns what, for how long, and what is asked of it. `runsChanged` is called inside the
 * transaction in which the owner of a run changes; `deadOwners` are those of `createDeadOwners`.
 */
export function createOwners(
  { db, commits, read, now }: StoreParts,
  runsChanged: () => void,
  deadOwners: () => readonly string[],
): Pick<
  RunDirectory,
  | "claimRun"
  | "heartbeat"
  | "holdStepSlots"
  | "listOwnedRuns"
  | "listRequests"
  | "listServers"
  | "listUnowned"
  | "removeOwner"
  | "requestCancel"
> {
  const beat = db.prepare(`
    INSERT INTO owner(id, pid, start_time, boot_id, lease_until, kind) VALUES(?, ?, ?, ?, ?, ?)
    ON CONFLICT(id) DO UPDATE SET
      lease_until = excluded.lease_until, kind = excluded.kind, step_slots = iif(lease_until > ?, step_slots, 0)`);
  const forgetSilent = db.prepare("DELETE FROM owner WHERE lease_until < ?");
  const selectOwned = db.prepare(`
    SELECT run.position, run.fence, run.ended_at, owner.id, owner.pid, owner.start_time, owner.boot_id, owner.lease_until
    FROM run LEFT JOIN owner ON owner.id = run.owner_id WHERE run.id = ?`);
  const own = db.prepare("UPDATE run SET owner_id = ?, fence = fence + 1 WHERE position = ?");
  const dropRequests = db.prepare("DELETE FROM request WHERE run = ?");
  const owned = db.prepare("SELECT id AS runId, fence FROM run WHERE ended_at IS NULL AND owner_id = ?");
  const forget = db.prepare("DELETE FROM owner WHERE id = ?");
  const disown = db.prepare("UPDATE run SET owner_id = NULL WHERE owner_id = ? AND ended_at IS NULL");
  const others = db.prepare(`
    SELECT id, pid, start_time, boot_id, lease_until, step_slots, step_slots_wanted FROM owner
    WHERE id <> ? AND step_slots + step_slots_wanted > 0`);
  const hold = db.prepare("UPDATE owner SET step_slots = ?, step_slots_wanted = ? WHERE id = ?");
  const servers = db.prepare("SELECT id, pid, start_time, boot_id, lease_until FROM owner WHERE kind = 'server'");
  // A paused run waits for a person, so it is not among these.
  const waitingIn = (ownership: string, states: string): StatementSync =>
    db.prepare(`
      SELECT id AS runId, state, position FROM run
      WHERE ended_at IS NULL AND owner_id ${ownership} AND state IN (${states}) ORDER BY position LIMIT ?`);
  const waiting = ["'running', 'cancelling'", "'queued'"].map((states) => ({
    never: waitingIn("IS NULL", states),
    left: waitingIn("IS NOT NULL AND owner_id IN (SELECT value FROM json_each(?))", states),
  }));
  const ask = db.prepare(`
    INSERT INTO request(run, kind, actor, reason, time, at_once)
    SELECT position, 'cancel', ?, ?, ?, ? FROM run WHERE id = ? AND ended_at IS NULL`);
  const asked = db.prepare(`
    SELECT request.id, run.id AS runId, kind, request.actor, request.reason, time, at_once AS atOnce
    FROM request JOIN run ON run.position = request.run WHERE run.owner_id = ? ORDER BY request.id`);

  return {
    claimRun: (runId, owner) =>
      commits.run(() => {
        const row = selectOwned.get(runId) as OwnedColumns | undefined;
        if (row === undefined) return null;
        if (row.id !== null && row.id !== owner.id && isLive(toOwner(row), now())) return null;
        // What was asked of a run that has ended since must not reach its next round.
        if (row.ended_at !== null) dropRequests.run(row.position);
        own.run(owner.id, row.position);
        runsChanged();
        return { fence: row.fence + 1, position: row.position };
      }),

    heartbeat: (owner, leaseUntil, kind = "command") =>
      commits.run(() => {
        const time = now();
        beat.run(owner.id, owner.pid, owner.startTime, owner.bootId, leaseUntil, kind, time);
        forgetSilent.run(time - forgottenAfterMs);
      }),

    listOwnedRuns: (owner) => read(() => owned.all(owner.id).map((row) => ({ ...row }) as unknown as OwnedRun)),

    listServers: () =>
      read(() => {
        const time = now();
        return (servers.all() as unknown as OwnerColumns[]).map(toOwner).filter((owner) => isLive(owner, time));
      }),

    listUnowned: (limit) =>
      read(() => {
        const dead = deadOwners();
        const ids = JSON.stringify(dead);
        return waiting.flatMap(({ never, left }) => {
          const found = [...never.all(limit), ...(dead.length === 0 ? [] : left.all(ids, limit))];
          return (found as unknown as (UnownedRun & { position: number })[])
            .toSorted((a, b) => a.position - b.position)
            .slice(0, limit)
            .map(({ runId, state }) => ({ runId, state }));
        });
      }),

    removeOwner: (owner) =>
      commits.run(() => {
        disown.run(owner.id);
        forget.run(owner.id);
      }),

    holdStepSlots: (owner, slots, limit) =>
      commits.run((): StepSlots => {
        const time = now();
        const sharing = (others.all(owner.id) as unknown as SlotColumns[]).filter((row) => isLive(toOwner(row), time));
        const taken = sharing.reduce((sum, row) => sum + row.step_slots, 0);
        const held = Math.max(0, Math.min(slots, limit - taken));
        hold.run(held, slots - held, owner.id);
        const starving = sharing.filter((row) => row.step_slots === 0).length;
        return { held, sharers: sharing.length + 1, starving };
      }),

    requestCancel: (request) =>
      commits.run(() => {
        ask.run(request.actor, request.reason, request.time, request.atOnce ? 1 : 0, request.runId);
      }),

    listRequests: (owner) =>
      read(() =>
        (asked.all(owner.id) as unknown as RequestColumns[]).map((row) => ({ ...row, atOnce: row.atOnce === 1 })),
      ),
  };
}

type OwnedColumns = OwnerColumns & {
  readonly position: number;
  readonly fence: number;
  readonly ended_at: number | null;
};

type RequestColumns = Omit<RunRequest, "atOnce"> & { readonly atOnce: number };

type SlotColumns = OwnerColumns & { readonly step_slots: number; readonly step_slots_wanted: number };
