import type { Json } from "../lib/json.ts";

/** One decision of the door. */
export interface AuditEntry {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** `local:dana`. */
  readonly actor: string;
  /** `runs:start`. */
  readonly action: string;
  /** What it was done to: `workflow:raise-node`, `run:k3v9q0x2mf`. */
  readonly resource: string;
  readonly decision: "allowed" | "denied";
  /** Which binding decided, or why it was refused. */
  readonly reason: string;
  /** One id for all that one command or request did. */
  readonly requestId: string;
  /** Where from: `cli`, or the address of who asked over the network. */
  readonly from: string;
  /** What an act is about to change, as small JSON without secrets; null where it tells nothing. */
  readonly before: Json;
  /** What it will be. */
  readonly after: Json;
}

/** An audit entry with its place in the trail. */
export interface StoredAuditEntry extends AuditEntry {
  /** From 1, without gaps. */
  readonly seq: number;
  /** SHA-256 in hex over this entry and the hash of the one before; see docs/decisions/0071. */
  readonly hash: string;
}

/** Which entries to list; all that is given must hold. */
export interface AuditFilter {
  readonly actor?: string;
  readonly action?: string;
  /** How the resource begins: `run:`. */
  readonly resourcePrefix?: string;
  readonly decision?: "allowed" | "denied";
  /** Milliseconds since 1970; not before this. */
  readonly since?: number;
  /** Before this. */
  readonly until?: number;
}

/** A part of the trail. */
export interface AuditQuery extends AuditFilter {
  readonly afterSeq?: number;
  readonly beforeSeq?: number;
  readonly limit: number;
  /** Oldest first when left out. */
  readonly newestFirst?: boolean;
}

/** The end of a trail: whoever knows it can tell whether anything up to it was changed. Seq 0 is the empty trail. */
export interface AuditHead {
  readonly seq: number;
  readonly hash: string;
}

/** Where a trail is not what was written. */
export interface AuditProblem {
  readonly seq: number;
  readonly kind: "edited" | "removed" | "reordered" | "truncated" | "added";
  readonly message: string;
}

/** What following the chain gave. */
export interface AuditVerdict {
  readonly valid: boolean;
  /** Entries that hold: all that there are, or those before the first problem. */
  readonly entries: number;
  /** The last of them. */
  readonly head: AuditHead;
  readonly firstProblem: AuditProblem | null;
}

/** The append-only audit trail. */
export interface AuditTrail {
  /** Resolves when the entry is durable. */
  appendAudit(entry: AuditEntry): Promise<void>;
  listAudit(query: AuditQuery): Promise<readonly StoredAuditEntry[]>;
  /** The head as it is kept beside the trail, not verified; null when it is missing. */
  readAuditHead(): Promise<AuditHead | null>;
  /** Follows the whole chain. With an anchor, a head that was kept elsewhere, also a trail that was rewritten as a whole is found. */
  verifyAudit(options?: { readonly anchor?: AuditHead; readonly signal?: AbortSignal }): Promise<AuditVerdict>;
}
