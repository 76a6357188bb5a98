import { RateLimitedError } from "../callers/rate-limited-error.ts";

/** A store that is locked is free again, and a server that is started anew is there again, soon. */
const soon = 1;

/** Whole seconds after which asking again may help, as `Retry-After` says them; undefined where waiting mends nothing. */
export function retryAfterOf(error: unknown, status: number): number | undefined {
  if (error instanceof RateLimitedError) return error.retryAfter;
  return status === 503 ? soon : undefined;
}
