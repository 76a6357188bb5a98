import { isOutcome } from "../../acting/measure-once.ts";
import { measureTimeouts } from "../../acting/measure-timeouts.ts";
import type { CheckContext } from "../../context.ts";
import type { Outcome } from "../../types.ts";

/** Judges what was measured of time-outs. */
export async function endOverdueStep(context: CheckContext): Promise<Outcome> {
  const measured = await measureTimeouts(context);
  if (isOutcome(measured)) return measured;
  const { stepMs, targetMs, processes } = measured;
  return {
    status: "pass",
    reason: `a step allowed ${stepMs.allowed} ms was ended after ${stepMs.took} ms with all of its ${processes} processes, a target allowed ${targetMs.allowed} ms after ${targetMs.took} ms`,
  };
}
