/** Runs of a time behind now. */
export interface Counted {
  readonly good: number;
  readonly total: number;
}

/** The times over which it is asked how fast a budget is spent, in milliseconds. */
export const burnWindows = {
  "5m": 300_000,
  "30m": 1_800_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "3d": 259_200_000,
} as const;
export type BurnWindow = keyof typeof burnWindows;

/**
 * When a budget is spent too fast: over the long time, so that it matters, and over the short one, so that it still goes on. The figures are those
 * of the Site Reliability Workbook, https://sre.google/workbook/alerting-on-slos/, chapter 5: 2 % of a month's budget in an hour, 5 % in six. Its
 * third question, 10 % in three days, is one for a ticket and wakes nobody: the shipped rule MahavishnuSloBurnSlow asks it.
 */
const tooFast = [
  { long: "1h", short: "5m", times: 14.4 },
  { long: "6h", short: "30m", times: 6 },
] as const;

/** How an objective stands. */
export interface ObjectiveVerdict {
  /** `exhausted`: nothing of the budget is left. Without runs it is unknown: nobody can say that it is fine. */
  readonly state: "unknown" | "ok" | "burning" | "exhausted";
  readonly good: number;
  readonly total: number;
  /** The part of the runs that was good; null without runs. */
  readonly ratio: number | null;
  /** The part of the budget that is left; below 0 when more was spent than there is. Null without runs. */
  readonly budgetLeft: number | null;
  /** How many times too fast the budget was spent over each time; null where no run ended in it. */
  readonly burnRates: Readonly<Record<BurnWindow, number | null>>;
  /** What is known of the two questions that `burning` answers. */
  readonly burn: "unknown" | "ok" | "burning";
  /** The speed over the shorter time that burns; that over an hour otherwise. */
  readonly burnRate: number | null;
}

/**
 * Judges an objective.
 *
 * @param objective per cent that have to be good, above 0 and below 100
 * @example
 * judgeObjective(99, { whole: { good: 98, total: 100 }, windows }).budgetLeft; // -1: twice as many were bad as may be
 */
export function judgeObjective(
  objective: number,
  { whole, windows }: { readonly whole: Counted; readonly windows: Readonly<Record<BurnWindow, Counted>> },
): ObjectiveVerdict {
  const allowed = (100 - objective) / 100;
  const rateOf = ({ good, total }: Counted): number | null => (total === 0 ? null : (total - good) / total / allowed);
  const burnRates = {
    "5m": rateOf(windows["5m"]),
    "30m": rateOf(windows["30m"]),
    "1h": rateOf(windows["1h"]),
    "6h": rateOf(windows["6h"]),
    "3d": rateOf(windows["3d"]),
  };
  const answers = tooFast.map(({ long, short, times }) => isFaster(burnRates[long], burnRates[short], times));
  const fast = tooFast[answers.indexOf("burning")];
  const burn = fast === undefined ? (answers.includes("unknown") ? "unknown" : "ok") : "burning";
  const spent = rateOf(whole);
  const budgetLeft = spent === null ? null : 1 - spent;
  const ratio = whole.total === 0 ? null : whole.good / whole.total;
  const isSpent = budgetLeft !== null && budgetLeft <= 0;
  const calm = budgetLeft === null ? "unknown" : "ok";
  const state = burn === "burning" ? "burning" : isSpent ? "exhausted" : calm;
  return { state, ...whole, ratio, budgetLeft, burnRates, burn, burnRate: burnRates[fast?.short ?? "1h"] };
}

/** Either time alone can say no; only both can say yes. */
function isFaster(long: number | null, short: number | null, times: number): "unknown" | "ok" | "burning" {
  if ((long !== null && long <= times) || (short !== null && short <= times)) return "ok";
  return long === null || short === null ? "unknown" : "burning";
}
