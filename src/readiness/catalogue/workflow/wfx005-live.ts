import { isOutcome } from "../../acting/measure-once.ts";
import { measureRetries } from "../../acting/measure-retries.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Judges what was measured of retries. */
export async function retryAsConfigured(context: CheckContext): Promise<Outcome> {
  const measured = await measureRetries(context);
  if (isOutcome(measured)) return measured;
  const { configured, waits, shortened } = measured;
  const by = shortened === 1 ? "" : `, waits divided by ${Math.round(shortened * 10) / 10}`;
  if (configured === 1)
    return { status: "pass", reason: "a failing step was tried once, as limits.retry.attempts says" };
  const range = `${Math.min(...waits)} to ${Math.max(...waits)} ms`;
  return {
    status: "pass",
    reason: `steps that fail twice were tried ${Math.min(3, configured)} times with jittered waits of ${range}${by}`,
  };
}
