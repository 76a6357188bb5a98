import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { EventLine } from "./run-document.ts";
import type { ScratchWorkspace } from "./scratch-workspace.ts";

/** An event of a run as it lies in the store. */
export interface StoredEvent {
  /** Global in the workspace. */
  readonly seq: number;
  readonly runId: string;
  readonly runSeq: number;
  readonly type: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
  readonly data: unknown;
}

/** The database of a scratch workspace. */
export function stateFileOf({ folder }: Pick<ScratchWorkspace, "folder">): string {
  return join(folder, ".mahavishnu", "state.db");
}

/**
 * Reads events from the database, oldest first, and not through the product's own reader: what is judged must not be its
 * own witness. The connection can only read.
 */
export function readHistory(file: string, runId?: string): readonly StoredEvent[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const rows = database
      .prepare(
        `SELECT event.seq, run.id AS runId, event.run_seq AS runSeq, event.type, event.time, event.actor, event.reason, event.data
         FROM event JOIN run ON run.position = event.run ORDER BY event.seq`,
      )
      .all() as unknown as (Omit<StoredEvent, "data"> & { readonly data: string })[];
    return rows
      .filter((row) => runId === undefined || row.runId === runId)
      .map((row) => ({ ...row, data: JSON.parse(row.data) as unknown }));
  } finally {
    database.close();
  }
}

/** A stored event as `-o ndjson` has to tell it. */
export function toEventLine({ type, runId, time, actor, reason, data }: StoredEvent): EventLine {
  return EventLine.parse({ type, runId, time: new Date(time).toISOString(), actor, reason, data });
}

/** A row of the audit trail as it lies in the store. */
export interface AuditRow {
  readonly seq: number;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  readonly action: string;
  readonly resource: string;
  readonly decision: string;
  readonly reason: string;
  readonly requestId: string;
}

/** Reads the audit trail from the database, oldest first; the connection can only read. */
export function readAudit(file: string): readonly AuditRow[] {
  const database = new DatabaseSync(file, { readOnly: true, timeout: 5_000 });
  try {
    const sql =
      "SELECT seq, time, actor, action, resource, decision, reason, request_id AS requestId FROM audit ORDER BY seq";
    return database.prepare(sql).all() as unknown as AuditRow[];
  } finally {
    database.close();
  }
}
