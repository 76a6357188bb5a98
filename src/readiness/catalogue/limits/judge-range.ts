import type { Outcome } from "../../types.ts";

/** A recommended range, both ends included. */
export interface Range {
  readonly least: number;
  readonly most: number;
}

/** Whether a value lies in its recommended range. `show` writes it with its unit. */
export function judgeRange(
  key: string,
  value: number,
  { least, most }: Range,
  show: (value: number) => string = String,
): Outcome {
  const expected = `${show(least)} to ${show(most)}`;
  const observed = show(value);
  const within = value >= least && value <= most;
  const relation = within ? "lies in" : value < least ? "is below" : "is above";
  return {
    status: within ? "pass" : "fail",
    reason: `${key} is ${observed}, which ${relation} ${expected}`,
    expected,
    observed,
  };
}
