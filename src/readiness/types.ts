/** How bad it is when a check fails. Critical and error are required; warning and info are advisory. */
export type Severity = "critical" | "error" | "warning" | "info";

/** What decides severities: the two profiles of the configuration. */
export type Profile = "development" | "production";

/** The six headings of the checks, and the two further stages. */
export type Category =
  | "configuration"
  | "adapters"
  | "repositories"
  | "workflow"
  | "limits"
  | "security"
  | "integrationTests"
  | "benchmarks";

/** The five groups of the integration tests and the four of the benchmarks. */
export type Group =
  | "basicWorkflow"
  | "rbac"
  | "state"
  | "observability"
  | "crossComponent"
  | "workflowSpeed"
  | "concurrency"
  | "repositories"
  | "throughput";

/** What kind of question it is. */
export type Kind = "check" | "test" | "benchmark";

/** How a result was found: by reading and reasoning alone, or by an act. */
export type Probe = "static" | "live";

/**
 * How a question ended. `fail` is a required check that says no; `warn` an advisory one that says no, or a required
 * one that says yes with a reservation. What never gave an answer has one of the other words.
 */
export type Status =
  | "pass"
  | "warn"
  | "fail"
  | "error"
  | "timeout"
  | "skipped"
  | "notApplicable"
  | "blocked"
  | "waived"
  | "inconclusive"
  | "notRun";

/** All statuses, worst first: the order in which a roll-up takes its members' word. */
export const statuses: readonly Status[] = [
  "error",
  "timeout",
  "fail",
  "notRun",
  "blocked",
  "inconclusive",
  "skipped",
  "warn",
  "waived",
  "pass",
  "notApplicable",
];

/** A rule over results. `preflight` is what tests and benchmarks need before they can say anything. */
export type GateName = "preflight" | "config" | "readiness" | "security" | "integration" | "benchmarks";

/** The four commands. */
export type Command = "check-config" | "run-integration-tests" | "run-benchmarks" | "run-all-tests";

/** What to do about a result. */
export interface Remediation {
  readonly text: string;
  /** A command to run, ready to paste. */
  readonly command: string | null;
  /** Where it is explained: a page of the documentation with an anchor. */
  readonly docs: string;
  /** Whether the product can mend it by itself. */
  readonly fixable: boolean;
}

/** What a result is about, when one check has many. */
export interface Target {
  readonly kind: "repository" | "adapter" | "file";
  readonly name: string;
}

/** One thing that was seen: a command, a file, a figure. */
export interface Evidence {
  /** `command`, `file`, `value`. */
  readonly kind: string;
  readonly text: string;
}

/** A waiver as a result remembers it. */
export interface AppliedWaiver {
  readonly reason: string;
  readonly owner: string;
  /** `YYYY-MM-DD`, the last day on which it holds, UTC. */
  readonly expires: string;
  readonly ticket: string | null;
  /** The status that the result would have without it. */
  readonly status: Status;
}

/** The answer to one planned question on one target. Nothing is left out: what does not apply is null or empty. */
export interface Result {
  readonly id: string;
  readonly title: string;
  readonly kind: Kind;
  readonly category: Category;
  readonly group: Group | null;
  /** The gates of this command that count it. */
  readonly gates: readonly GateName[];
  /** Counts in the security gate wherever it stands. */
  readonly security: boolean;
  readonly severity: Severity;
  /** A test that must pass whatever the percentage. */
  readonly mustPass: boolean;
  readonly status: Status;
  /** A pass that needed a second attempt. */
  readonly flaky: boolean;
  /** One sentence. Never empty. */
  readonly reason: string;
  readonly expected: string | null;
  readonly observed: string | null;
  readonly evidence: readonly Evidence[];
  readonly remediation: Remediation | null;
  readonly target: Target | null;
  /** Which probe gave the answer; null when none was asked. */
  readonly probe: Probe | null;
  /** When its first attempt began, ISO 8601; null when it never did. */
  readonly startedAt: string | null;
  readonly durationMs: number;
  readonly attempts: number;
  readonly dependsOn: readonly string[];
  /** Ids of the root causes that kept it from being asked. */
  readonly blockedBy: readonly string[];
  /** Members of a roll-up, which repeats no work. */
  readonly rollUpOf: readonly string[];
  readonly owner: string;
  readonly waiver: AppliedWaiver | null;
}

/** What a probe answers. `fail` becomes `warn` when the severity is advisory. */
export interface Outcome {
  readonly status: "pass" | "warn" | "fail" | "notApplicable" | "inconclusive";
  /** One sentence that says what was seen, without the advice. */
  readonly reason: string;
  readonly expected?: string;
  readonly observed?: string;
  readonly evidence?: readonly Evidence[];
  /** Replaces the parts of the definition's advice that this case knows better. */
  readonly remediation?: Partial<Remediation>;
  /** Another severity than the definition's, for checks whose badness depends on what they find. */
  readonly severity?: Severity;
  /** What depends on this check may be asked although it says no: that finding does not stand in its way. */
  readonly goOn?: boolean;
}

/** Whether results of this severity enter percentages. */
export function isRequired(severity: Severity): boolean {
  return severity === "critical" || severity === "error";
}
