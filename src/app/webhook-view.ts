import type { DeliveryRow } from "../store/webhook-contract.ts";

/** A webhook as it is told; never its secret, and of its URL the origin alone, since the rest may be one. */
export interface WebhookItem {
  readonly name: string;
  readonly direction: "incoming" | "outgoing";
  readonly enabled: boolean;
  /** The subject that an incoming one acts as. */
  readonly subject: string | null;
  /** The workflow that an incoming one starts. */
  readonly workflow: string | null;
  readonly scheme: "standard" | "github";
  /** Where an outgoing one is sent. */
  readonly origin: string | null;
  /** What an outgoing one is told of. */
  readonly on: readonly string[];
  readonly workflows: readonly string[];
  readonly where: string | null;
}

/** A delivery as it is told; times are ISO 8601. */
export interface DeliveryItem {
  readonly id: string;
  readonly webhook: string;
  readonly type: string;
  readonly runId: string | null;
  readonly state: "pending" | "delivered" | "dead";
  readonly attempts: number;
  readonly createdAt: string;
  readonly attemptedAt: string | null;
  /** When it is tried next; null when it is over. */
  readonly nextAt: string | null;
  readonly endedAt: string | null;
  /** Of the last answer. */
  readonly status: number | null;
  readonly error: string | null;
}

const tell = (time: number): string => new Date(time).toISOString();

/** Tells a delivery. */
export function viewDelivery(row: DeliveryRow): DeliveryItem {
  const {
    id,
    hook: webhook,
    type,
    runId,
    state,
    attempts,
    createdAt,
    attemptedAt,
    dueAt,
    endedAt,
    status,
    error,
  } = row;
  return {
    id,
    webhook,
    type,
    runId,
    state,
    attempts,
    createdAt: tell(createdAt),
    attemptedAt: attemptedAt === null ? null : tell(attemptedAt),
    nextAt: state === "pending" ? tell(dueAt) : null,
    endedAt: endedAt === null ? null : tell(endedAt),
    status,
    error,
  };
}
