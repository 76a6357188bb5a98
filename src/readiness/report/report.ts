import type { Finding } from "../finding.ts";
import type { GateResult } from "../gates.ts";
import type { Command, Group, Profile, Result } from "../types.ts";
import type { Verdict } from "../verdict.ts";
import type { WaiverReport } from "../waivers.ts";

/** What one benchmark measured. All times and rates are in `unit`. */
export interface Measurement {
  readonly id: string;
  readonly group: Group;
  /** What is measured: `no-op workflow, submit to done`. */
  readonly figure: string;
  /** `ms`, `s`, `1/min`, `1/s` or `ratio`. */
  readonly unit: string;
  readonly better: "lower" | "higher";
  /** Every raw sample, in the order in which it was taken; none is ever removed. */
  readonly samples: readonly number[];
  /** How many were taken and thrown away before. */
  readonly warmUp: number;
  readonly median: number | null;
  /** 95 % confidence interval of the median by order statistics; null for fewer than six samples. */
  readonly low: number | null;
  readonly high: number | null;
  readonly p95: number | null;
  readonly min: number | null;
  /** Median absolute deviation. */
  readonly mad: number | null;
  /** Samples beyond three interquartile ranges: counted, not removed. */
  readonly outliers: number;
  /** The absolute limits that it was held against. */
  readonly limits: { readonly median: number; readonly p95: number | null };
}

/** How steady one kind of work was while it was repeated. */
export interface Calibration {
  readonly medianMs: number;
  /** Coefficient of variation, 0.07 for 7 %. */
  readonly variation: number;
}

/** The machine that the answers come from. */
export interface Machine {
  readonly os: string;
  readonly arch: string;
  readonly node: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  /** Only with benchmarks: 1-minute load average when they began. */
  readonly load: number | null;
  /** Only with benchmarks. */
  readonly calibration: { readonly cpu: Calibration; readonly fsync: Calibration; readonly spawn: Calibration } | null;
  /** Why figures from this machine are not to be trusted; empty when they are. */
  readonly unfit: readonly string[];
}

/** What the user chose to look at. */
export interface Selection {
  readonly only: readonly string[];
  readonly skip: readonly string[];
  /** Ids that `--only` left out: not asked, and so not vouched for. */
  readonly leftOut: readonly string[];
}

/** One document for one command: everything that was asked, every answer, and the verdict. */
export interface Report {
  readonly schemaVersion: 1;
  readonly tool: { readonly name: "mahavishnu"; readonly version: string };
  readonly command: Command;
  readonly profile: Profile;
  /** ISO 8601, UTC. */
  readonly startedAt: string;
  readonly durationMs: number;
  readonly workspace: {
    readonly name: string;
    /** `sha256:` and the digest of the configuration file; null when it cannot be read. */
    readonly configDigest: string | null;
    /** Commit that the workspace itself is at; null when it is no git repository. */
    readonly commit: string | null;
  };
  readonly verdict: Verdict;
  /** The exit code of the process. */
  readonly exitCode: number;
  /** The exit code that `--exit-zero` covers; the same as `exitCode` without it. */
  readonly verdictCode: number;
  readonly strict: boolean;
  /** Why it is not ready, worst first. */
  readonly reasons: readonly string[];
  readonly gates: readonly GateResult[];
  readonly results: readonly Result[];
  readonly benchmarks: readonly Measurement[];
  readonly waivers: readonly WaiverReport[];
  readonly findings: readonly Finding[];
  readonly selection: Selection;
  readonly machine: Machine;
}
