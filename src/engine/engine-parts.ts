import type { Clock } from "../lib/clock.ts";
import type { Owner, Store } from "../store/contract.ts";
import type { Expressions } from "../workflows/expressions.ts";
import type { ActionRegistry, Secrets } from "./contract.ts";
import type { Launchers } from "./launchers.ts";
import type { Masking } from "../lib/mask-secrets.ts";
import type { RetryDefaults } from "./retry-rule.ts";
import type { RunObserver } from "./run-writer.ts";
import type { StepSlots } from "./step-slots.ts";

/** `limits` of the configuration as the engine needs them; times in milliseconds. */
export interface EngineLimits {
  readonly maxConcurrentRuns: number;
  readonly maxConcurrentSteps: number;
  readonly retry: RetryDefaults;
  /** For a step that does not say; null when only its target's limit holds. */
  readonly stepTimeoutMs: number | null;
  readonly maxOutputBytes: number;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  /** Between TERM and KILL. */
  readonly graceMs: number;
}

/** What every part of the engine works with. */
export interface EngineParts {
  readonly store: Store;
  readonly owner: Owner;
  readonly slots: StepSlots;
  /** Start commands in `baseEnv`. */
  readonly launchers: Launchers;
  readonly actions: ActionRegistry;
  readonly expressions: Expressions;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  /** 0 to 1, for the jitter of retries. */
  readonly random: () => number;
  readonly secrets: Secrets;
  /** Hides the secrets in whatever is written down. */
  readonly masking: Masking;
  /** Environment of this process without what steps must not inherit. */
  readonly baseEnv: Readonly<Record<string, string>>;
  /** `.mahavishnu/runs` and `.mahavishnu/worktrees`. */
  readonly runsFolder: string;
  readonly worktreesFolder: string;
  /** Absolute folders that every repository must lie under. */
  readonly allowedRoots: () => Promise<readonly string[]>;
  readonly observe: RunObserver;
  /** Which part of the runs is traced, from 0 to 1. */
  readonly traceRatio: number;
}
