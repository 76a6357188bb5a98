import type { Interruption } from "./interruption.ts";
import type { AttemptResult } from "./scopes.ts";

/** How an attempt ended, and why. */
export type Judgement = Pick<AttemptResult, "state" | "failure" | "reason">;

/**
 * How an attempt ends that was told to.
 *
 * @throws the interruption itself when this process leaves the work to another: then nothing is decided about it here.
 */
export function judgeInterruption(interruption: Interruption): Judgement {
  if (interruption.leaves) throw interruption;
  const { kind, message: reason } = interruption;
  return kind === "cancel"
    ? { state: "cancelled", failure: null, reason }
    : { state: "failed", failure: "timeout", reason };
}
