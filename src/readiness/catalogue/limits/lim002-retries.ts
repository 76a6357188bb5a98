import type { Config } from "../../../config/schema.ts";
import { formatDuration } from "../../../lib/duration.ts";
import type { CheckDefinition } from "../../definition.ts";
import { needsConfig } from "../needs-config.ts";
import { judgeRange } from "./judge-range.ts";

/** Retries help, and end in time. */
export const lim002: CheckDefinition = {
  id: "LIM002",
  title: "the retry settings are reasonable",
  kind: "check",
  category: "limits",
  severity: "warning",
  verifies:
    "limits.retry.attempts lies between 3 and 5, both included, and the waits between attempts leave time for work within limits.timeout.",
  how: {
    static: "compares the value with the range, and adds up the longest waits",
    live: "lets a step fail for ever, and counts its attempts",
  },
  advice: { text: "Set limits.retry.attempts to 3 to 5, with waits that are much shorter than limits.timeout." },
  dependsOn: needsConfig,
  exclusive: ["engine.timing"],
  timeoutMs: 60_000,
  static: async (context) => {
    const { retry, timeout } = (await context.config()).config.limits;
    const range = judgeRange("limits.retry.attempts", retry.attempts, { least: 3, most: 5 });
    const waits = longestWaits(retry);
    if (waits >= timeout) {
      const reason = `waits between ${retry.attempts} attempts take up to ${formatDuration(waits)}, and limits.timeout is ${formatDuration(timeout)}`;
      return {
        status: "fail",
        reason,
        expected: `less than ${formatDuration(timeout)}`,
        observed: formatDuration(waits),
      };
    }
    return {
      ...range,
      evidence: [{ kind: "value", text: `waits between attempts take up to ${formatDuration(waits)}` }],
    };
  },
  live: async (context) => await (await import("./measure-limits.ts")).measureAttempts(context),
};

/** Milliseconds that all waits between the attempts of one step take at most; jitter only shortens them. */
export function longestWaits({ attempts, backoff, first, max }: Config["limits"]["retry"]): number {
  let total = 0;
  let wait = first;
  for (let attempt = 1; attempt < attempts && total < Number.MAX_SAFE_INTEGER; attempt += 1) {
    total += Math.min(wait, max);
    if (backoff === "exponential") wait = Math.min(wait * 2, max);
  }
  return total;
}
