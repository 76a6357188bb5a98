import { MahavishnuError } from "../../lib/errors.ts";

/** Somebody asks too often, or has shown too many tokens that do not count. */
export class RateLimitedError extends MahavishnuError {
  override readonly name = "RateLimitedError";
  /** Whole seconds, at least one: what `Retry-After` says. */
  readonly retryAfter: number;

  constructor(message: string, waitMs: number) {
    super("RATE_LIMITED", message);
    this.retryAfter = Math.max(1, Math.ceil(waitMs / 1000));
  }
}
