import type { StoreParts } from "./store-parts.ts";
import { isLive, type OwnerColumns, toOwner } from "./owner-row.ts";

interface ActiveOwner extends Omit<OwnerColumns, "id" | "lease_until"> {
  readonly id: string;
  readonly lease_until: number | null;
}

/** Ids of owners whose word does not hold any more and whose runs are not over. It costs the same however many runs there are. */
export function createDeadOwners({ db, now }: Pick<StoreParts, "db" | "now">): () => readonly string[] {
  const active = db.prepare(`
    SELECT active.id, pid, start_time, boot_id, lease_until
    FROM (SELECT DISTINCT owner_id AS id FROM run WHERE ended_at IS NULL AND owner_id IS NOT NULL) AS active
    LEFT JOIN owner ON owner.id = active.id`);
  return () => {
    const time = now();
    // An owner that has been forgotten has no lease.
    return (active.all() as unknown as ActiveOwner[])
      .filter((row) => row.lease_until === null || !isLive(toOwner({ ...row, lease_until: row.lease_until }), time))
      .map(({ id }) => id);
  };
}
