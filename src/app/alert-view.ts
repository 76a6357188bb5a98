import type { AlertBook, AlertRow, SilenceRow } from "../store/alert-contract.ts";
import { type AlertRule, describeSubject } from "../telemetry/alerts/alert-rule.ts";
import { silenceOf } from "../telemetry/alerts/step-alert.ts";

/** How a rule stands: `unknown` where nothing is known of what it is about, which is not `ok`. */
export type RuleState = "ok" | "pending" | "firing" | "unknown" | "silenced";

/** One thing that a rule is about; times are ISO 8601. */
export interface AlertItem {
  readonly fingerprint: string;
  readonly state: "pending" | "firing";
  readonly labels: Readonly<Record<string, string>>;
  readonly summary: string;
  readonly since: string;
  /** Since when it fires. */
  readonly firedAt: string | null;
  readonly count: number;
  readonly value: number | null;
  readonly runId: string | null;
  /** The silence that keeps it from being told. */
  readonly silencedBy: string | null;
}

/** A rule of the configuration and how it stands. */
export interface RuleItem {
  readonly name: string;
  /** What it watches, in words. */
  readonly about: string;
  readonly severity: "critical" | "error" | "warning" | "info";
  readonly state: RuleState;
  /** Since when the oldest of its alerts holds. */
  readonly since: string | null;
  /** The figure that it watches. */
  readonly value: number | null;
  /** Why nothing is known of it. */
  readonly note: string | null;
  readonly judgedAt: string | null;
  readonly notify: readonly string[];
  readonly alerts: readonly AlertItem[];
}

/** A silence that goes on. */
export interface SilenceItem {
  readonly id: string;
  readonly rule: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly reason: string;
  readonly createdBy: string;
  readonly createdAt: string;
  readonly until: string;
}

/** Whoever judges says so every 10 s; after this time nobody does. */
const judgedWithinMs = 35_000;

const tell = (time: number): string => new Date(time).toISOString();

/** Tells a rule by what the book knows of it; null is a book that nobody has begun. */
export function viewRule(rule: AlertRule, book: AlertBook | null, now: number): RuleItem {
  const known = book?.rules.find((row) => row.rule === rule.name);
  const silences = book?.silences ?? [];
  const rows = (book?.alerts ?? []).filter((row) => row.rule === rule.name && row.state !== "resolved");
  const alerts = rows.map((row) => viewAlert(row, silences, now));
  const isJudged = known !== undefined && now - known.judgedAt <= judgedWithinMs;
  const since = rows.length === 0 ? null : Math.min(...rows.map((row) => row.since));
  return {
    name: rule.name,
    about: describeSubject(rule),
    severity: rule.severity,
    state: stateOf(rule, alerts, { isKnown: isJudged && known.isKnown, silences, now }),
    since: since === null ? null : tell(since),
    value: known?.value ?? null,
    note: isJudged ? known.note : "no server judges it: is `mahavishnu serve` running?",
    judgedAt: known === undefined ? null : tell(known.judgedAt),
    notify: rule.notify,
    alerts,
  };
}

function stateOf(
  rule: AlertRule,
  alerts: readonly AlertItem[],
  {
    isKnown,
    silences,
    now,
  }: { readonly isKnown: boolean; readonly silences: readonly SilenceRow[]; readonly now: number },
): RuleState {
  const audible = alerts.filter(({ silencedBy }) => silencedBy === null);
  if (audible.some(({ state }) => state === "firing")) return "firing";
  if (audible.length > 0) return "pending";
  const isSilenced = silenceOf({ rule: rule.name, labels: {} }, silences, now) !== undefined;
  if (alerts.length > 0 || isSilenced) return "silenced";
  return isKnown ? "ok" : "unknown";
}

function viewAlert(row: AlertRow, silences: readonly SilenceRow[], now: number): AlertItem {
  const { fingerprint, labels, summary, count, value, runId } = row;
  return {
    fingerprint,
    state: row.state === "firing" ? "firing" : "pending",
    labels,
    summary,
    since: tell(row.since),
    firedAt: row.firedAt === null ? null : tell(row.firedAt),
    count,
    value,
    runId,
    silencedBy: silenceOf(row, silences, now)?.id ?? null,
  };
}

/** Tells a silence. */
export function viewSilence({ id, rule, labels, reason, createdBy, createdAt, until }: SilenceRow): SilenceItem {
  return { id, rule, labels, reason, createdBy, createdAt: tell(createdAt), until: tell(until) };
}
