import type { CheckContext } from "../context.ts";
import type { Outcome } from "../types.ts";
import { type Act, actInScratch } from "./act-in-scratch.ts";

/** What was measured, or the answer that was reached on the way, when an expectation was not met. */
export type Measured<Measurement extends object> = Measurement | Outcome;

/**
 * Measures something in scratch space that several checks want to know: the first that asks does the work.
 *
 * @param name Begins the name of the scratch folder.
 */
export async function measureOnce<Measurement extends object>(
  context: CheckContext,
  name: string,
  measure: (act: Act) => Promise<Measurement>,
): Promise<Measured<Measurement>> {
  return await context.once(`act.${name}`, async () => {
    let measured: Measurement | undefined;
    const outcome = await actInScratch(context, name, async (act) => {
      measured = await measure(act);
      return { status: "pass", reason: "measured" };
    });
    return measured ?? outcome;
  });
}

/** Whether an answer was reached before there was a measurement. */
export function isOutcome(measured: object): measured is Outcome {
  return "status" in measured;
}
