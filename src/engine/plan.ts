import type { Job, Workflow } from "../workflows/types.ts";
import type { Json } from "./contract.ts";

/** A repository as the plan pins it. */
export interface PlannedRepository {
  readonly name: string;
  /** Absolute path. */
  readonly path: string;
  readonly index: number;
  /** Without a password or token. */
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
  /**
   * Jobs that must have ended in all their targets before this one starts: needed jobs that sweep, where this target has no
   * repository of theirs. Their targets are not listed one by one, which would be a product of two sweeps.
   */
  readonly afterJobs?: readonly string[];
  /** Milliseconds from the target's start; counted anew when another process goes on with it. */
  readonly timeoutMs: number;
}

/**
 * Why a target waits for another: `job` comes from `jobs.*.needs`, `repository` from the manifest's `needs`; `turn` is the one
 * checkout of a repository in a run, which its jobs use one after the other, whatever the outcome.
 */
export interface PlannedWait {
  readonly target: string;
  readonly because: "job" | "repository" | "turn";
}

/** What a run would do, computed before anything runs, pinned in its first event and executed unchanged. */
export interface Plan {
  readonly workflow: Workflow;
  readonly inputs: Readonly<Record<string, Json>>;
  readonly repositories: Readonly<Record<string, PlannedRepository>>;
  readonly targets: readonly PlannedTarget[];
  /** Milliseconds from the run's start; counted anew when another process goes on with it. `finally` has the time of a target. */
  readonly runTimeoutMs: number;
}

/** The job's id and target key of the steps under `finally`. */
export const finallyKey = "finally";

/** A job of the plan by its id; `finally` is a job without a sweep. */
export function jobOf(plan: Plan, id: string): Job {
  if (id === finallyKey) return finallyJob(plan.workflow);
  const job = plan.workflow.jobs.find((candidate) => candidate.id === id);
  if (job === undefined) throw new Error(`the plan has no job ${id}`);
  return job;
}

function finallyJob(workflow: Workflow): Job {
  return {
    id: finallyKey,
    needs: [],
    checkout: "inPlace",
    env: {},
    steps: workflow.finally,
    outputs: {},
    optional: true,
  };
}
