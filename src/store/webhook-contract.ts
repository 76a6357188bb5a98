/** A message of an incoming webhook whose signature is right. */
export interface WebhookMessage {
  readonly hook: string;
  /** What tells it from all others of the hook; at most 256 characters. */
  readonly id: string;
  /** Milliseconds since 1970 at which this sending was signed; null where that is not told. */
  readonly sentAt: number | null;
  /** Until when it is remembered; longer than it could be sent again unchanged. */
  readonly keptUntil: number;
  /** The idempotency key of the run that it starts. */
  readonly runKey: string;
}

/** Whether a message may start something. `again`: it may, since it has had no effect yet, or was signed anew by its sender. */
export type WebhookAdmission = "first" | "again" | "replayed";

/** An event that outgoing webhooks may be told of. */
export interface JournalEntry {
  readonly seq: number;
  readonly runId: string;
  readonly type: string;
  /** Milliseconds since 1970. */
  readonly time: number;
  readonly actor: string;
  readonly reason: string;
  /** The data of the event as JSON. */
  readonly data: string;
}

/** Where a hook stands in the journal. */
export interface JournalPart {
  readonly entries: readonly JournalEntry[];
  /** The seq up to which this part goes: what is not among the entries is of other types. */
  readonly upTo: number;
}

/** What is to be sent. */
export interface NewDelivery {
  /** The same for the same hook and event, whoever makes it. */
  readonly id: string;
  readonly hook: string;
  readonly type: string;
  readonly runId: string | null;
  readonly body: string;
}

export type DeliveryState = "pending" | "delivered" | "dead";

/** A delivery and what became of it; times are milliseconds since 1970. */
export interface DeliveryRow extends NewDelivery {
  readonly position: number;
  readonly createdAt: number;
  readonly state: DeliveryState;
  /** Attempts begun so far. */
  readonly attempts: number;
  /** When it is tried next while it is pending, or counts as abandoned by who has it. */
  readonly dueAt: number;
  /** The status of the last answer; null when there was none. */
  readonly status: number | null;
  /** Why the last attempt failed. */
  readonly error: string | null;
  readonly attemptedAt: number | null;
  readonly endedAt: number | null;
}

/** What an attempt gave. */
export interface DeliveryOutcome {
  readonly state: DeliveryState;
  /** Of a delivery that stays pending. */
  readonly dueAt: number;
  readonly status: number | null;
  readonly error: string | null;
}

/** Which deliveries to list, newest first. */
export interface DeliveryQuery {
  readonly hook?: string;
  readonly state?: DeliveryState;
  readonly beforePosition?: number;
  readonly limit: number;
}

/** Messages that came in, and those that are to go out. */
export interface WebhookStore {
  /** Decides whether a message may start something, and remembers it. Forgets what is older than it must be kept. */
  admitMessage(message: WebhookMessage): Promise<WebhookAdmission>;
  /** Where a hook stands in the journal; one that is not known stands at its end from now on. */
  startCursor(hook: string): Promise<number>;
  /** Events of some types after a place, oldest first. It looks at `limit` events of any type at most. */
  readJournal(afterSeq: number, types: readonly string[], limit: number): Promise<JournalPart>;
  /**
   * Writes what follows from a part of the journal and moves the hook on, in one transaction. False, with nothing written, when the
   * hook does not stand at `from`: another process was quicker.
   */
  advanceCursor(hook: string, from: number, upTo: number, deliveries: readonly NewDelivery[]): Promise<boolean>;
  /** Adds a delivery that follows from no event. With a claim, it is claimed at once. */
  addDelivery(delivery: NewDelivery, claim?: DeliveryClaim): Promise<void>;
  /** Takes deliveries of a hook that are due and that nobody else has, and counts the attempt that follows. */
  claimDeliveries(hook: string, claim: DeliveryClaim, limit: number): Promise<readonly DeliveryRow[]>;
  /** Records an attempt. False when the claim does not hold any more: somebody else has it now. */
  settleDelivery(id: string, claim: string, outcome: DeliveryOutcome): Promise<boolean>;
  /** When the next delivery of a hook is due, or counts as abandoned by who has it; null when nothing waits. */
  nextDeliveryAt(hook: string): Promise<number | null>;
  getDelivery(id: string): Promise<DeliveryRow | null>;
  listDeliveries(query: DeliveryQuery): Promise<readonly DeliveryRow[]>;
  /** Sends a delivery once more, with its attempts counted anew. False when there is none. */
  reviveDelivery(id: string): Promise<boolean>;
}

/** Who has a delivery, and until when, should nobody hear from them. */
export interface DeliveryClaim {
  /** Random, one for each claim. */
  readonly claim: string;
  readonly until: number;
}
