import type { AuditEntry, AuditHead, StoredAuditEntry } from "./audit-contract.ts";

/** A run that is over, as far as it has to be known to decide whether it is forgotten. */
export interface EndedRun {
  readonly position: number;
  readonly id: string;
  readonly state: string;
  /** Milliseconds since 1970. */
  readonly endedAt: number;
  /** How many events it has. */
  readonly events: number;
}

/** A run whose row is gone: nobody sees it any more. Its files and events go after it. */
export interface PurgedRun {
  readonly position: number;
  readonly id: string;
}

/** Which runs may be forgotten, asked once more in the transaction that forgets them. */
export interface PurgeBounds {
  /** Milliseconds since 1970: what has ended later stays, also what was retried and ended again. */
  readonly endedBefore: number;
  /** The position of the run that purges: neither itself nor what came after it. */
  readonly belowPosition: number;
  /** Milliseconds since 1970: what has ended later stays while somebody follows the journal (webhooks, counts) who has not seen it. */
  readonly owedSince: number;
}

/** How many rows that have expired were removed, or would be. */
export interface ExpiredRows {
  /** Deliveries to webhooks that ended long ago. */
  readonly deliveries: number;
  /** Receipts of messages that nobody can send again. */
  readonly receipts: number;
  readonly sessions: number;
  readonly tokens: number;
}

/** A part of the audit trail that goes. */
export interface AuditDrop {
  /** Where the trail began before: as it was read. */
  readonly from: AuditHead;
  /** The last entry that goes, with its hash. */
  readonly upTo: AuditHead;
  /** Where the entries were exported to, and what makes sure that it is that file. */
  readonly file: string;
  readonly sha256: string;
  /** The entry that says so: the chain itself then tells where it begins. */
  readonly entry: Pick<AuditEntry, "time" | "actor" | "reason" | "requestId" | "from">;
}

/** Forgetting, in parts: none of these holds up other writers for long, provided that what is asked for at once is small. */
export interface PurgeStore {
  /** Runs that are over after a position, in the order of creation; at most `limit` runs of any state are looked at. */
  listPurgeable(
    afterPosition: number,
    limit: number,
  ): Promise<{ readonly runs: readonly EndedRun[]; readonly upTo: number | null }>;
  /** Of these ids those of runs that are over and that nobody owns, and those that the store does not know at all. */
  sortRunIds(
    ids: readonly string[],
  ): Promise<{ readonly ended: readonly EndedRun[]; readonly unknown: readonly string[] }>;
  /**
   * Forgets runs, all in one transaction: their rows go, and what they leave is noted. What is not over, is owned, or is out of bounds
   * stays. The last result of a repository stays too: selectors ask for it.
   *
   * @returns those that are gone now
   */
  purgeRuns(positions: readonly number[], bounds: PurgeBounds): Promise<readonly PurgedRun[]>;
  /** Runs that are gone and whose files or events may still be there, oldest first. */
  listPurged(limit: number): Promise<readonly PurgedRun[]>;
  /** The data of the first event of a run that is gone: its plan. Null when it is gone too. */
  readPurgedPlan(position: number): Promise<unknown>;
  /**
   * Removes at most `limit` events of runs that are gone, and the note of each run of which nothing is left. Their files must be gone.
   *
   * @returns how many events were removed; fewer than `limit` when nothing is left of these runs
   */
  purgeEvents(positions: readonly number[], limit: number): Promise<number>;
  countExpired(): Promise<ExpiredRows>;
  /** Removes at most `limit` of each kind. */
  purgeExpired(limit: number): Promise<ExpiredRows>;
  /** Bytes of the database that are free to be used again. */
  readFreeBytes(): Promise<number>;
  /** The entries at the beginning of the audit trail that are older than `before`; never the newest one. */
  listOldAudit(before: number, limit: number): Promise<readonly StoredAuditEntry[]>;
  /** Where the audit trail begins: the last entry that was purged, seq 0 when none was. */
  readAuditBase(): Promise<AuditHead>;
  /**
   * Removes entries from the beginning of the audit trail, and says so in the trail, in one transaction.
   *
   * @returns false, with nothing done, when somebody else was quicker
   */
  dropAudit(drop: AuditDrop): Promise<boolean>;
}
