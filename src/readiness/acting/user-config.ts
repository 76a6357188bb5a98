import type { Config } from "../../config/schema.ts";

/** `limits` as the schema reads them: durations in milliseconds, sizes in bytes. */
export type Limits = Config["limits"];

/** Limits that a probe sets otherwise than the user, mostly because nobody can wait for theirs. */
export type LimitChanges = Partial<Omit<Limits, "retry">> & { readonly retry?: Partial<Limits["retry"]> };

/**
 * What of the user's configuration decides how runs behave, as it is written in a file, with some limits changed. So a
 * scratch workspace behaves as the user's own would.
 */
export function userConfig({ limits, steps }: Config, changes: LimitChanges = {}): Record<string, unknown> {
  const changed = { ...limits, ...changes };
  const { attempts, backoff, first, max } = { ...limits.retry, ...changes.retry };
  return {
    steps: { env: steps.env },
    limits: {
      maxConcurrentWorkflows: changed.maxConcurrentWorkflows,
      maxConcurrentSteps: changed.maxConcurrentSteps,
      retry: { attempts, backoff, first: ms(first), max: ms(max) },
      timeout: ms(changed.timeout),
      ...(changed.stepTimeout === undefined ? {} : { stepTimeout: ms(changed.stepTimeout) }),
      runTimeout: ms(changed.runTimeout),
      maxOutputBytes: `${changed.maxOutputBytes}B`,
      lease: ms(changed.lease),
      heartbeat: ms(changed.heartbeat),
      grace: ms(changed.grace),
    },
  };
}

function ms(value: number): string {
  return `${value}ms`;
}
