import type { Config } from "../../../config/schema.ts";
import { formatDuration } from "../../../lib/duration.ts";
import type { CheckDefinition } from "../../definition.ts";
import type { Outcome } from "../../types.ts";
import { needsConfig } from "../needs-config.ts";
import { judgeRange } from "./judge-range.ts";

/** Time-outs are reasonable, and fit together. */
export const lim003: CheckDefinition = {
  id: "LIM003",
  title: "the time-outs are reasonable and in order",
  kind: "check",
  category: "limits",
  severity: "warning",
  verifies:
    "limits.timeout lies between 300 and 1800 seconds, both included. A step has no more time than its target, a target no more than its run, and three heartbeats fit into a lease: otherwise a limit never acts, or a living process loses its run.",
  how: {
    static: "compares the values with the range and with each other",
    live: "looks whether a plan carries them, and lets a step run out of time",
  },
  advice: {
    text: "Set limits.timeout to 5m to 30m, and keep stepTimeout <= timeout <= runTimeout and 3 x heartbeat <= lease.",
  },
  dependsOn: needsConfig,
  exclusive: ["engine.timing"],
  timeoutMs: 60_000,
  static: async (context) => {
    const { limits } = (await context.config()).config;
    return (
      findBrokenOrder(limits) ??
      judgeRange("limits.timeout", limits.timeout, { least: 300_000, most: 1_800_000 }, formatDuration)
    );
  },
  live: async (context) => await (await import("./measure-limits.ts")).measureTimeLimits(context),
};

/** A broken order is an error, since a limit then does not do what it says. */
function findBrokenOrder({
  stepTimeout,
  timeout,
  runTimeout,
  heartbeat,
  lease,
}: Config["limits"]): Outcome | undefined {
  const pairs: readonly (readonly [string, number, string, number])[] = [
    ...(stepTimeout === undefined ? [] : [["limits.stepTimeout", stepTimeout, "limits.timeout", timeout] as const]),
    ["limits.timeout", timeout, "limits.runTimeout", runTimeout],
    ["3 x limits.heartbeat", 3 * heartbeat, "limits.lease", lease],
  ];
  const broken = pairs
    .filter(([, small, , great]) => small > great)
    .map(
      ([name, small, other, great]) =>
        `${name} (${formatDuration(small)}) is longer than ${other} (${formatDuration(great)})`,
    );
  if (broken.length === 0) return undefined;
  return {
    status: "fail",
    severity: "error",
    reason: broken.join("; "),
    expected: pairs.map(([name, , other]) => `${name} <= ${other}`).join(", "),
    evidence: broken.map((text) => ({ kind: "value", text })),
  };
}
