import { isAlive } from "../lib/process-identity.ts";
import type { OwnerRow } from "./contract.ts";

/** The columns of an owner; null where a run has none. */
export interface OwnerColumns {
  readonly id: string | null;
  readonly pid: number;
  readonly start_time: string;
  readonly boot_id: string;
  readonly lease_until: number;
}

/** An owner from its columns. */
export function toOwner(row: OwnerColumns): OwnerRow {
  return {
    id: row.id ?? "",
    pid: row.pid,
    startTime: row.start_time,
    bootId: row.boot_id,
    leaseUntil: row.lease_until,
  };
}

/**
 * Whether an owner's word still holds: its lease has not ended, and its process is not known to be dead. In another container it
 * cannot be known, so there the lease alone decides.
 */
export function isLive(owner: OwnerRow, time: number): boolean {
  return owner.leaseUntil > time && isAlive(owner);
}
