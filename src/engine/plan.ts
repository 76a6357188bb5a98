import type { Workflow } from "../workflows/types.ts";
import type { Json } from "./contract.ts";

/** A repository as the plan pins it. */
export interface PlannedRepository {
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  readonly index: number;
  readonly url?: string;
  readonly branch?: string;
  readonly role?: string;
  readonly tags: readonly string[];
  readonly optional: boolean;
  readonly env: Readonly<Record<string, string>>;
  /** Commit that a worktree starts from; null when the repository has none. */
  readonly base: string | null;
}

/** One job on one repository, or once. */
export interface PlannedTarget {
  /** `job/repository`, or `job`. */
  readonly key: string;
  readonly job: string;
  readonly repository: string | null;
  /** Keys of targets that must have ended before this one starts. */
  readonly after: readonly PlannedWait[];
  /** Milliseconds from the target's start. */
  readonly timeoutMs: number;
}

/** Why a target waits for another. `job` comes from `jobs.*.needs`, `repository` from the manifest's `needs`. */
export interface PlannedWait {
  readonly target: string;
  readonly because: "job" | "repository";
}

/** What a run would do, computed before anything runs, pinned in its first event and executed unchanged. */
export interface Plan {
  readonly workflow: Workflow;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly repositories: Readonly<Record<string, PlannedRepository>>;
  readonly targets: readonly PlannedTarget[];
  /** Milliseconds from the run's start. */
  readonly runTimeoutMs: number;
}
