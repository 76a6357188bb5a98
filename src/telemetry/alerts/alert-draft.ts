import { createHash } from "node:crypto";
import type { AlertBook, AlertChange, AlertRow, RuleRow } from "../../store/alert-contract.ts";
import type { Alert, AlertMessage } from "./alert.ts";
import type { AlertRule } from "./alert-rule.ts";
import {
  dueAt,
  fingerprintOf,
  markTold,
  type Observation,
  pickTold,
  ripenAlert,
  silenceOf,
  stepAlert,
} from "./step-alert.ts";

/** What every alert tells of where it comes from. */
export interface AlertSource {
  readonly workspaceId: string;
  /** The origin under which the server is reached; without it, no address of a run is told. */
  readonly publicUrl: string | undefined;
  /** Says in one sentence where it stands what to do about `run.failed`, `disk.freeRatio`, `absent` or `burnRate`. */
  readonly adviceOf: (about: string) => string;
}

/** That it still holds is written at least as often, so that no other server takes it for left behind. */
const leastSeenMs = 60_000;

/** Where messages to a channel lie among all that is sent from the store. */
export function hookOfChannel(channel: string): string {
  return `channel:${channel}`;
}

/** What has been judged and not been written yet: the book, with everything that follows from what was found since. */
export class AlertDraft {
  readonly #source: AlertSource;
  #version: number;
  #alerts = new Map<string, AlertRow>();
  #rules = new Map<string, RuleRow>();
  #silences: AlertBook["silences"];
  readonly #changed = new Set<string>();
  readonly #changedRules = new Set<string>();
  readonly #messages: AlertMessage[] = [];
  #isUrgent = false;

  constructor(book: AlertBook, source: AlertSource) {
    this.#source = source;
    this.#version = book.version;
    for (const alert of book.alerts) this.#alerts.set(alert.fingerprint, alert);
    for (const rule of book.rules) this.#rules.set(rule.rule, rule);
    this.#silences = book.silences;
  }

  /** Whether something is to be written that cannot wait. */
  get isUrgent(): boolean {
    return this.#isUrgent;
  }

  get messages(): readonly AlertMessage[] {
    return this.#messages;
  }

  /** The alerts of a rule. */
  alertsOf(rule: string): AlertRow[] {
    return [...this.#alerts.values()].filter((alert) => alert.rule === rule);
  }

  /** Alerts that go on, and rules, of others than these. */
  strangersTo(rules: readonly AlertRule[]): {
    readonly alerts: readonly AlertRow[];
    readonly rules: readonly string[];
  } {
    const known = new Set(rules.map(({ name }) => name));
    return {
      alerts: [...this.#alerts.values()].filter(({ rule, state }) => !known.has(rule) && state !== "resolved"),
      rules: [...this.#rules.keys()].filter((rule) => !known.has(rule)),
    };
  }

  /** Whether any alert of any rule that came from a source goes on. */
  hasActive(source: string): boolean {
    for (const alert of this.#alerts.values()) if (alert.source === source && alert.state !== "resolved") return true;
    return false;
  }

  ruleOf(name: string, now: number): RuleRow {
    const none = { rule: name, since: now, lastAt: null, isKnown: true, note: null, value: null, judgedAt: now };
    return this.#rules.get(name) ?? none;
  }

  hasRule(name: string): boolean {
    return this.#rules.has(name);
  }

  /** Keeps what is known of a rule; what lists tell of it is written at once, and the rest by and by. */
  keepRule(row: RuleRow): void {
    const before = this.#rules.get(row.rule);
    if (before === undefined || before.isKnown !== row.isKnown || before.note !== row.note) this.#isUrgent = true;
    this.#rules.set(row.rule, row);
    this.#changedRules.add(row.rule);
  }

  /** Takes in what was found about one thing. */
  observe(rule: AlertRule, found: Observation, now: number): void {
    const fingerprint = fingerprintOf(rule.name, found.source, found.about);
    const before = this.#alerts.get(fingerprint);
    // What receivers are to hear is told before the opposite takes its place.
    const isOpposite = before !== undefined && before.state === (found.holds ? "resolved" : "firing");
    if (isOpposite) this.#tell(rule, now);
    const row = this.#alerts.get(fingerprint);
    const next = stepAlert(row, rule, found, now);
    if (next === undefined || next === row) return;
    const isOld = row !== undefined && now - row.seenAt > leastSeenMs;
    this.#put(next, row?.state !== next.state || row.count !== next.count || isOld);
  }

  /** Lets time pass: what has been pending for long enough fires, and what is due is told. */
  settle(rules: readonly AlertRule[], now: number): void {
    for (const rule of rules) {
      for (const row of this.alertsOf(rule.name)) {
        const next = ripenAlert(row, rule, now);
        if (next !== row) this.#put(next, true);
      }
      this.#tell(rule, now);
    }
  }

  /** Ends alerts and tells nobody: what made them is not in the configuration any more. */
  endQuietly(row: AlertRow, note: string, now: number): void {
    this.#put({ ...row, state: "resolved", endedAt: now, changedAt: now, isTold: false, note }, true);
  }

  /** Everything that is to be written; it counts as written from now on. */
  takeChange(
    seq: number,
    forgotten: readonly string[] = [],
  ): { readonly version: number; readonly change: AlertChange } {
    const alerts = [...this.#changed].flatMap((fingerprint) => this.#alerts.get(fingerprint) ?? []);
    const rules = [...this.#changedRules].flatMap((rule) => this.#rules.get(rule) ?? []);
    const messages = this.#messages.map((message) => ({
      id: message.id,
      hook: hookOfChannel(message.channel),
      type: "alert",
      runId: message.alerts.find(({ runId }) => runId !== null)?.runId ?? null,
      body: JSON.stringify(message),
    }));
    return { version: this.#version, change: { seq, alerts, rules, forgotten, messages } };
  }

  /** It was written: the book stands where this draft does. */
  markWritten(): void {
    this.#version += 1;
    this.#isUrgent = false;
    this.#changed.clear();
    this.#changedRules.clear();
    this.#messages.length = 0;
  }

  #put(row: AlertRow, isUrgent: boolean): void {
    this.#alerts.set(row.fingerprint, row);
    this.#changed.add(row.fingerprint);
    if (isUrgent) this.#isUrgent = true;
  }

  #tell(rule: AlertRule, now: number): void {
    const rows = this.alertsOf(rule.name);
    if (!rows.some((row) => (dueAt(row, rule) ?? Number.POSITIVE_INFINITY) <= now)) return;
    const isSilenced = (row: AlertRow): boolean => silenceOf(row, this.#silences, now) !== undefined;
    const told = pickTold(rows, rule, isSilenced, now);
    if (told.length === 0) return;
    const alerts = told.map((row) => this.#describe(row, rule));
    for (const channel of rule.notify) {
      // Whoever judges the same book makes the same, and of them one is written.
      const nth = this.#messages.length;
      const id = makeId(this.#source.workspaceId, channel, rule.name, String(this.#version), String(nth));
      this.#messages.push({ id, time: now, channel, rule: rule.name, isTest: false, alerts });
    }
    for (const row of told) this.#put(markTold(row, now), true);
  }

  #describe(row: AlertRow, rule: AlertRule): Alert {
    const { workspaceId, publicUrl, adviceOf } = this.#source;
    const { fingerprint, runId, summary, description, endedAt, value, count, state } = row;
    return {
      rule: rule.name,
      fingerprint,
      state: state === "resolved" ? "resolved" : "firing",
      severity: rule.severity,
      summary,
      description: [description, row.note, rule.runbook === undefined ? adviceOf(aboutOf(row, rule)) : null]
        .filter((text) => text !== null)
        .join(" "),
      labels: { workspace: workspaceId, rule: rule.name, ...row.labels },
      startedAt: row.since,
      endedAt,
      runId,
      url: runId === null || publicUrl === undefined ? null : `${publicUrl}/v1/runs/${runId}`,
      runbook: rule.runbook ?? null,
      value: value ?? count,
    };
  }
}

function aboutOf({ source }: AlertRow, { subject }: AlertRule): string {
  if (subject.kind === "when") return subject.figure;
  if (subject.kind !== "on") return subject.kind;
  return source === "runs" ? "run.failed" : (source.split("@")[0] ?? source);
}

/** The id of a message, made from what it is about. */
export function makeId(...parts: readonly string[]): string {
  return `evt_${createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24)}`;
}
