/** How bad an alert is, worst first. */
export const severities = ["critical", "error", "warning", "info"] as const;
export type Severity = (typeof severities)[number];

/** One alert as it is told: what a channel gets. */
export interface Alert {
  readonly rule: string;
  /** The same for as long as the rule is about the same thing: made from the rule's name and what it is about. */
  readonly fingerprint: string;
  readonly state: "firing" | "resolved";
  readonly severity: Severity;
  /** One line. */
  readonly summary: string;
  /** A few sentences. */
  readonly description: string;
  /** What it is about (`workspace`, `rule`, `workflow`, ...): few names, with bounded values. */
  readonly labels: Readonly<Record<string, string>>;
  /** When it began to hold, in epoch milliseconds. */
  readonly startedAt: number;
  /** When it was over, in epoch milliseconds; null while it goes on. */
  readonly endedAt: number | null;
  /** The run that it is about, the latest one if there are several. */
  readonly runId: string | null;
  /** Where more can be seen. */
  readonly url: string | null;
  /** What to do about it. */
  readonly runbook: string | null;
  /** The figure that is watched, or how often it has happened. */
  readonly value: number | null;
}

/** What is sent in one go: alerts of one rule, told together. */
export interface AlertMessage {
  /** `evt_...`, the same in every attempt: receivers know by it what they have had already. */
  readonly id: string;
  /** Epoch milliseconds. */
  readonly time: number;
  readonly channel: string;
  readonly rule: string;
  /** Sent by hand to see whether it comes through. */
  readonly isTest: boolean;
  readonly alerts: readonly Alert[];
}

/** A way to tell somebody: built from `telemetry.channels`. */
export interface Channel {
  readonly name: string;
  /** How often one message is tried in all. */
  readonly attempts: number;
  /** Tells one message once. Does not throw: whatever goes wrong is in the answer. */
  send(message: AlertMessage, signal: AbortSignal): Promise<ChannelAnswer>;
}

/** What came of telling one message once. */
export type ChannelAnswer =
  | { readonly ok: true; readonly status: number | null }
  | {
      readonly ok: false;
      /** Whether it is of no use to try again. */
      readonly final: boolean;
      readonly error: string;
      readonly status: number | null;
      /** How long the receiver wants to be left alone. */
      readonly retryAfterMs: number | null;
    };
