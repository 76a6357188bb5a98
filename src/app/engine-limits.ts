import type { Config } from "../config/schema.ts";
import type { EngineLimits } from "../engine/engine-parts.ts";

/** `limits` of the configuration as the engine needs them. */
export function engineLimits({ limits }: Config): EngineLimits {
  const { attempts, backoff, first, max } = limits.retry;
  return {
    maxConcurrentRuns: limits.maxConcurrentWorkflows,
    maxConcurrentSteps: limits.maxConcurrentSteps,
    retry: { attempts, backoff, firstMs: first, maxMs: max },
    stepTimeoutMs: limits.stepTimeout ?? null,
    maxOutputBytes: limits.maxOutputBytes,
    leaseMs: limits.lease,
    heartbeatMs: limits.heartbeat,
    graceMs: limits.grace,
  };
}
