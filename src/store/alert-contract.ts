import type { NewDelivery } from "./webhook-contract.ts";

/** `pending`: it holds, and not yet for as long as its rule asks; `firing`: it holds; `resolved`: it is over. */
export type AlertState = "pending" | "firing" | "resolved";

/** One thing that a rule is about, and how it stands; times are milliseconds since 1970. */
export interface AlertRow {
  /** Made from the rule, the source and what it is about. */
  readonly fingerprint: string;
  readonly rule: string;
  /** What looks at it: `runs`, `adapter.down:HOST:PORT`, `when`. */
  readonly source: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly state: AlertState;
  /** Since when it holds, or held. */
  readonly since: number;
  /** When it began to fire; null when it never did. */
  readonly firedAt: number | null;
  readonly endedAt: number | null;
  /** When its state last changed. */
  readonly changedAt: number;
  /** Whether receivers were told that it fires, and not yet that it is over. */
  readonly isTold: boolean;
  /** When they were last told that it fires. */
  readonly toldAt: number | null;
  /** How often it has happened since then. */
  readonly count: number;
  readonly value: number | null;
  readonly runId: string | null;
  readonly summary: string;
  readonly description: string;
  /** Why it is as it is, where that is not what its rule says. */
  readonly note: string | null;
  /** When it was last found to hold. */
  readonly seenAt: number;
}

/** What is known of a rule as a whole. */
export interface RuleRow {
  readonly rule: string;
  /** Since when it is judged. */
  readonly since: number;
  /** When that last happened whose absence it watches; null when it never has. */
  readonly lastAt: number | null;
  /** False while nothing is known of what it is about. */
  readonly isKnown: boolean;
  /** Why nothing is known. */
  readonly note: string | null;
  /** The figure that it watches. */
  readonly value: number | null;
  readonly judgedAt: number;
}

/** Nobody is told of alerts of a rule that have all of these labels. */
export interface SilenceRow {
  readonly id: string;
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly createdAt: number;
  readonly createdBy: string;
  /** When it ends. */
  readonly until: number;
}

/** Everything that is known of alerts. */
export interface AlertBook {
  /** Another number after each change. */
  readonly version: number;
  /** How far the journal has been judged. */
  readonly seq: number;
  readonly alerts: readonly AlertRow[];
  readonly rules: readonly RuleRow[];
  /** Those that have not ended, oldest first. */
  readonly silences: readonly SilenceRow[];
}

/** What is written in one go. */
export interface AlertChange {
  readonly seq: number;
  /** New ones, and those that have changed. */
  readonly alerts: readonly AlertRow[];
  readonly rules: readonly RuleRow[];
  /** Rules that are not known any more. */
  readonly forgotten: readonly string[];
  readonly messages: readonly NewDelivery[];
}

/** How many runs have ended how. */
export interface EndedRuns {
  readonly succeeded: number;
  readonly partial: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** Which runs are counted: of these workflows, of all when there are none. */
export interface EndedQuery {
  /** Not before this. */
  readonly since: number;
  readonly workflows: readonly string[];
}

/** What waits and what goes on, of some workflows. */
export interface WaitingRuns {
  readonly queued: number;
  readonly oldestQueuedAt: number | null;
  readonly longestRunningSince: number | null;
}

/** Alerts, what silences them, and the figures that they are about. */
export interface AlertStore {
  /** Microseconds; see `AlertBook.version`. */
  alertVersion(): Promise<number>;
  /** The book; the first one who asks lets it begin at the end of the journal. */
  openAlerts(): Promise<AlertBook>;
  /** The same without beginning it: null when nobody has yet. */
  readAlerts(): Promise<AlertBook | null>;
  /**
   * Writes what follows from what was judged, the messages with it, in one transaction. False, with nothing written, when the book is
   * not at `version` any more: another process was quicker.
   */
  writeAlerts(version: number, change: AlertChange): Promise<boolean>;
  addSilence(silence: SilenceRow): Promise<void>;
  /** Ends a silence now. Null when there is none of this id that goes on. */
  endSilence(id: string): Promise<SilenceRow | null>;
  countEndedSince(query: EndedQuery): Promise<EndedRuns>;
  /** Those that have ended, newest first. */
  listEndedSince(
    query: EndedQuery & { readonly limit: number },
  ): Promise<readonly { readonly runId: string; readonly state: string; readonly endedAt: number }[]>;
  countWaiting(workflows: readonly string[]): Promise<WaitingRuns>;
  /** How the last delivery of a webhook that is over has ended; null when there is none. */
  lastDeliveryEnd(
    hook: string,
  ): Promise<{ readonly state: "delivered" | "dead"; readonly error: string | null } | null>;
}
