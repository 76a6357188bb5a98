import { formatDuration } from "../../lib/duration.ts";
import type { Config } from "../../config/schema.ts";
import type { Severity } from "./alert.ts";

type RuleConfig = Config["telemetry"]["alerts"][number];

/** A rule of `telemetry.alerts`, ready to be judged. */
export interface AlertRule {
  readonly name: string;
  /** What it is about: things that happen, one that does not, a figure, or an error budget. */
  readonly subject:
    | { readonly kind: "on"; readonly events: RuleConfig["on"] }
    | { readonly kind: "absent"; readonly event: NonNullable<RuleConfig["absent"]>["event"]; readonly forMs: number }
    | {
        readonly kind: "when";
        readonly figure: NonNullable<RuleConfig["when"]>["figure"];
        readonly above: number | null;
        readonly below: number | null;
        readonly overMs: number;
      }
    | { readonly kind: "burnRate"; readonly slo: string };
  /** All when empty. */
  readonly workflows: readonly string[];
  readonly where: string | undefined;
  /** How long it must hold before anybody is told. */
  readonly forMs: number;
  readonly groupWaitMs: number;
  readonly repeatMs: number;
  readonly severity: Severity;
  readonly runbook: string | undefined;
  /** Names of channels, each once. */
  readonly notify: readonly string[];
}

/** The rules of a configuration that has been checked. */
export function readAlertRules({ telemetry }: Pick<Config, "telemetry">): readonly AlertRule[] {
  return telemetry.alerts.map((rule) => ({
    name: rule.name,
    subject: subjectOf(rule),
    workflows: rule.workflows,
    where: rule.where,
    forMs: rule.for,
    groupWaitMs: rule.groupWait,
    repeatMs: rule.repeat,
    severity: rule.severity,
    runbook: rule.runbook,
    notify: [...new Set(rule.notify)],
  }));
}

function subjectOf({ on, absent, when, burnRate }: RuleConfig): AlertRule["subject"] {
  if (absent !== undefined) return { kind: "absent", event: absent.event, forMs: absent.for };
  if (when !== undefined) {
    const { figure, above = null, below = null, over } = when;
    return { kind: "when", figure, above, below, overMs: over };
  }
  // `checkTelemetry` has seen to it that the name is there.
  if (burnRate !== undefined) return { kind: "burnRate", slo: burnRate.slo ?? "" };
  return { kind: "on", events: on };
}

/** What a rule is about in a few words, for lists. */
export function describeSubject({ subject }: Pick<AlertRule, "subject">): string {
  switch (subject.kind) {
    case "on":
      return subject.events.join(", ");
    case "absent":
      return `no ${subject.event} for ${formatDuration(subject.forMs)}`;
    case "when":
      return `${subject.figure} ${subject.above === null ? `below ${subject.below}` : `above ${subject.above}`}`;
    case "burnRate":
      return `error budget of ${subject.slo}`;
  }
}
