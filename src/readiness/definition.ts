import type { Config } from "../config/schema.ts";
import type { CheckContext } from "./context.ts";
import type { Category, Group, Kind, Outcome, Profile, Severity, Target } from "./types.ts";

/** One target of a check that has many, with what makes its answer weigh less. */
export interface PlannedTarget {
  readonly target: Target;
  /** An optional repository never makes more than a warning. */
  readonly optional?: boolean;
}

/** The targets of a check, or why it has none. */
export interface Targets {
  readonly targets: readonly PlannedTarget[];
  /** One sentence for the result that stands for them all when there is none. */
  readonly none: string;
}

/** Reads and reasons, or acts. Throws only when it could not do its work: that is an `error`, not a `fail`. */
export type ProbeBody = (context: CheckContext, target: Target | null) => Promise<Outcome> | Outcome;

/** What the framework knows about a question besides how to ask it. */
interface DefinitionBase {
  /** Registered in registered-ids.ts, never reused. */
  readonly id: string;
  /** A statement that is true when it passes: `every required field is present`. */
  readonly title: string;
  readonly kind: Kind;
  readonly category: Category;
  readonly group?: Group;
  readonly severity: Severity | Readonly<Record<Profile, Severity>>;
  /** The mark `s`: it counts in the security gate wherever it stands. */
  readonly security?: boolean;
  /** For `production explain` and the reference: why it matters, in one or two sentences. */
  readonly verifies: string;
  /** How it is found out. */
  readonly how: { readonly static?: string; readonly live?: string };
  readonly advice: { readonly text: string; readonly command?: string; readonly fixable?: boolean };
  /** Ids that must not have failed before this is asked. */
  readonly dependsOn?: readonly string[];
  /** Names of things that only one check may use at a time. */
  readonly exclusive?: readonly string[];
  /** Milliseconds for one attempt; default 10 s for a check and 30 s for a test. */
  readonly timeoutMs?: number;
  /** Attempts in all, at most 2. A pass on the second is flaky. */
  readonly attempts?: 1 | 2;
  /** Who answers for the check; default `mahavishnu`. */
  readonly owner?: string;
  /** About how long it takes, for `--plan`. */
  readonly expectedMs?: number;
}

/** A check or an integration test. At least one of `static`, `live` and `rollUpOf`. */
export interface CheckDefinition extends DefinitionBase {
  readonly kind: "check" | "test";
  /** Must pass whatever the percentage. */
  readonly mustPass?: boolean;
  /** In process, at most one git process per repository, changes nothing. */
  readonly static?: ProbeBody;
  /** Acts, in scratch space. Asked only when the static probe, if there is one, has passed. */
  readonly live?: ProbeBody;
  readonly targets?: (context: CheckContext) => Promise<Targets>;
  /** Takes the word of other checks and repeats no work. */
  readonly rollUpOf?: readonly string[];
}

/** A benchmark that is ready to be sampled. */
export interface BenchmarkBody extends AsyncDisposable {
  /**
   * Does the work once and gives one figure, or one for each part of a window. Throws when the operation fails: that
   * makes the benchmark fail, never a fast sample.
   *
   * @param warmUp Its figures are thrown away.
   */
  sample(signal: AbortSignal, warmUp: boolean): Promise<number | readonly number[]>;
}

/** What `readiness.thresholds` says, after its defaults. */
export type Thresholds = Config["readiness"]["thresholds"];

/** A benchmark: a figure with an absolute limit. */
export interface BenchmarkDefinition extends DefinitionBase {
  readonly kind: "benchmark";
  readonly group: Group;
  /** What is measured: `no-op workflow, submit to done`. */
  readonly figure: string;
  /** `ms`, `1/min`, `1/s` or `ratio`. */
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** How often it is sampled for nothing, and how many samples are kept; with `--thorough` four times as many. */
  readonly warmUp: number;
  readonly samples: number;
  readonly limits: (thresholds: Thresholds) => BenchmarkLimits;
  readonly open: (context: CheckContext) => Promise<BenchmarkBody>;
}

/** Absolute limits in the unit of the figure: at most, or at least when higher is better. */
export interface BenchmarkLimits {
  readonly median: number;
  readonly p95?: number;
}

/** Anything that can be planned. */
export type Definition = CheckDefinition | BenchmarkDefinition;

/** The severity of a definition under a profile. */
export function severityUnder(definition: Definition, profile: Profile): Severity {
  return typeof definition.severity === "string" ? definition.severity : definition.severity[profile];
}

/** Where a check is explained. */
export function docsOf(id: string): string {
  return `docs/reference/checks.md#${id.toLowerCase()}`;
}
