/** Made from the operations of src/server by `npm run docs`; never changed by hand. */

/** Any value that JSON can hold. */
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** What is asked of each operation. */
export interface Inputs {
  /** Ends a run. */
  readonly cancelRun: { readonly id: string; readonly reason?: string | undefined; readonly atOnce?: boolean | undefined };
  /** Starts a run of an ad hoc command. */
  readonly execCommand: { readonly command: readonly (string)[]; readonly timeoutMs?: number | undefined; readonly idempotencyKey?: string | undefined; readonly select?: string | undefined; readonly maxParallel?: number | undefined };
  /** Follows a run's history as it becomes durable, to the run's end. */
  readonly followRun: { readonly id: string; readonly afterRunSeq?: number | undefined };
  /** Follows what a run's steps print, to the run's end. */
  readonly followRunLogs: { readonly id: string; readonly repository?: string | undefined; readonly job?: string | undefined; readonly step?: string | undefined; readonly attempt?: number | undefined; readonly cursor?: string | undefined };
  /** Lists the ids of runs that wait for somebody to take them over. */
  readonly listInterruptedRuns: Readonly<Record<string, never>>;
  /** Lists runs, the newest first. */
  readonly listRuns: { readonly states?: readonly ("queued" | "running" | "paused" | "cancelling" | "interrupted" | "succeeded" | "partial" | "failed" | "cancelled")[] | undefined; readonly workflow?: string | undefined; readonly limit?: number | undefined; readonly cursor?: string | undefined };
  /** Reads a run's history. */
  readonly readRunEvents: { readonly id: string; readonly afterRunSeq?: number | undefined; readonly limit?: number | undefined };
  /** Reads what a run's steps have printed. */
  readonly readRunLogs: { readonly id: string; readonly repository?: string | undefined; readonly job?: string | undefined; readonly step?: string | undefined; readonly attempt?: number | undefined; readonly cursor?: string | undefined };
  /** Takes over a run whose process is gone. */
  readonly resumeRun: { readonly id: string };
  /** Does again what did not succeed. */
  readonly retryRun: { readonly id: string; readonly repositories?: readonly (string)[] | undefined; readonly fromStep?: string | undefined };
  /** Shows a run with its targets, steps and attempts. */
  readonly showRun: { readonly id: string };
  /** Starts a run of a workflow. */
  readonly startRun: { readonly workflow: string; readonly inputs?: { readonly [key: string]: string } | undefined; readonly select?: string | undefined; readonly maxParallel?: number | undefined; readonly idempotencyKey?: string | undefined };
}

/** What each operation answers; of a stream each event's data, by the event's name. */
export interface Outputs {
  readonly cancelRun: { readonly runId: string };
  readonly execCommand: { readonly runId: string; readonly created: boolean };
  readonly followRun: { readonly event: { readonly seq: number; readonly runSeq: number; readonly runId: string; readonly type: string; readonly v: number; readonly time: string; readonly actor: string; readonly reason: string; readonly data: Json }; readonly run: { readonly id: string; readonly workflow: string; readonly revision: string; readonly state: "queued" | "running" | "paused" | "cancelling" | "interrupted" | "succeeded" | "partial" | "failed" | "cancelled"; readonly reason: string; readonly actor: string; readonly createdAt: string; readonly startedAt: string | null; readonly endedAt: string | null; readonly counts: { readonly total: number; readonly queued: number; readonly running: number; readonly succeeded: number; readonly failed: number; readonly cancelled: number; readonly skipped: number }; readonly shortId: string; readonly hidden: number; readonly targets: readonly ({ readonly key: string; readonly job: string; readonly repository: string | null; readonly state: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped"; readonly reason: string; readonly startedAt: string | null; readonly endedAt: string | null; readonly round: number; readonly outputs: { readonly [key: string]: string }; readonly steps: readonly ({ readonly id: string; readonly state: "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled" | "interrupted"; readonly reason: string | null; readonly outputs: { readonly [key: string]: string }; readonly attempts: readonly ({ readonly number: number; readonly state: "running" | "succeeded" | "failed" | "cancelled" | "interrupted"; readonly reason: string | null; readonly failure: "exit" | "timeout" | "infrastructure" | null; readonly exitCode: number | null; readonly startedAt: string; readonly endedAt: string | null; readonly output: { readonly file: string; readonly bytes: number; readonly sha256: string; readonly truncated: boolean } | null; readonly lastLine: string | null })[] })[] })[] } };
  readonly followRunLogs: { readonly log: { readonly runId: string; readonly job: string; readonly repository: string | null; readonly step: string; readonly attempt: number; readonly offset: number; readonly text: string; readonly cursor: string } };
  readonly listInterruptedRuns: { readonly items: readonly (string)[] };
  readonly listRuns: { readonly items: readonly ({ readonly id: string; readonly workflow: string; readonly revision: string; readonly state: "queued" | "running" | "paused" | "cancelling" | "interrupted" | "succeeded" | "partial" | "failed" | "cancelled"; readonly reason: string; readonly actor: string; readonly createdAt: string; readonly startedAt: string | null; readonly endedAt: string | null; readonly counts: { readonly total: number; readonly queued: number; readonly running: number; readonly succeeded: number; readonly failed: number; readonly cancelled: number; readonly skipped: number } })[]; readonly nextCursor: string | null };
  readonly readRunEvents: { readonly items: readonly ({ readonly seq: number; readonly runSeq: number; readonly runId: string; readonly type: string; readonly v: number; readonly time: string; readonly actor: string; readonly reason: string; readonly data: Json })[]; readonly nextCursor: string | null };
  readonly readRunLogs: { readonly items: readonly ({ readonly runId: string; readonly job: string; readonly repository: string | null; readonly step: string; readonly attempt: number; readonly offset: number; readonly text: string; readonly cursor: string })[]; readonly nextCursor: string | null };
  readonly resumeRun: { readonly runId: string };
  readonly retryRun: { readonly runId: string };
  readonly showRun: { readonly id: string; readonly workflow: string; readonly revision: string; readonly state: "queued" | "running" | "paused" | "cancelling" | "interrupted" | "succeeded" | "partial" | "failed" | "cancelled"; readonly reason: string; readonly actor: string; readonly createdAt: string; readonly startedAt: string | null; readonly endedAt: string | null; readonly counts: { readonly total: number; readonly queued: number; readonly running: number; readonly succeeded: number; readonly failed: number; readonly cancelled: number; readonly skipped: number }; readonly shortId: string; readonly hidden: number; readonly targets: readonly ({ readonly key: string; readonly job: string; readonly repository: string | null; readonly state: "queued" | "running" | "succeeded" | "failed" | "cancelled" | "skipped"; readonly reason: string; readonly startedAt: string | null; readonly endedAt: string | null; readonly round: number; readonly outputs: { readonly [key: string]: string }; readonly steps: readonly ({ readonly id: string; readonly state: "pending" | "running" | "waiting" | "succeeded" | "failed" | "skipped" | "cancelled" | "interrupted"; readonly reason: string | null; readonly outputs: { readonly [key: string]: string }; readonly attempts: readonly ({ readonly number: number; readonly state: "running" | "succeeded" | "failed" | "cancelled" | "interrupted"; readonly reason: string | null; readonly failure: "exit" | "timeout" | "infrastructure" | null; readonly exitCode: number | null; readonly startedAt: string; readonly endedAt: string | null; readonly output: { readonly file: string; readonly bytes: number; readonly sha256: string; readonly truncated: boolean } | null; readonly lastLine: string | null })[] })[] })[] };
  readonly startRun: { readonly runId: string; readonly created: boolean };
}

/** How each operation is asked. */
export const calls = {
  cancelRun: {"method":"POST","path":"/v1/runs/{id}/cancel","query":[],"body":["reason","atOnce"],"takesIdempotencyKey":false,"isStream":false},
  execCommand: {"method":"POST","path":"/v1/commands","query":[],"body":["command","timeoutMs","select","maxParallel"],"takesIdempotencyKey":true,"isStream":false},
  followRun: {"method":"GET","path":"/v1/runs/{id}/events/stream","query":["afterRunSeq"],"body":null,"takesIdempotencyKey":false,"isStream":true},
  followRunLogs: {"method":"GET","path":"/v1/runs/{id}/logs/stream","query":["repository","job","step","attempt","cursor"],"body":null,"takesIdempotencyKey":false,"isStream":true},
  listInterruptedRuns: {"method":"GET","path":"/v1/interrupted-runs","query":[],"body":null,"takesIdempotencyKey":false,"isStream":false},
  listRuns: {"method":"GET","path":"/v1/runs","query":["states","workflow","limit","cursor"],"body":null,"takesIdempotencyKey":false,"isStream":false},
  readRunEvents: {"method":"GET","path":"/v1/runs/{id}/events","query":["afterRunSeq","limit"],"body":null,"takesIdempotencyKey":false,"isStream":false},
  readRunLogs: {"method":"GET","path":"/v1/runs/{id}/logs","query":["repository","job","step","attempt","cursor"],"body":null,"takesIdempotencyKey":false,"isStream":false},
  resumeRun: {"method":"POST","path":"/v1/runs/{id}/resume","query":[],"body":[],"takesIdempotencyKey":false,"isStream":false},
  retryRun: {"method":"POST","path":"/v1/runs/{id}/retry","query":[],"body":["repositories","fromStep"],"takesIdempotencyKey":false,"isStream":false},
  showRun: {"method":"GET","path":"/v1/runs/{id}","query":[],"body":null,"takesIdempotencyKey":false,"isStream":false},
  startRun: {"method":"POST","path":"/v1/runs","query":[],"body":["workflow","inputs","select","maxParallel"],"takesIdempotencyKey":true,"isStream":false},
} as const;
