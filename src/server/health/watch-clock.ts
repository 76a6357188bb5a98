import type { Finding } from "./health-board.ts";

/** A clock that was never set begins in 1970 or where its firmware was made; then no token can be judged. */
const earliest = Date.UTC(2025, 0, 1);
/** Leases of runs are judged by the clock: a jump of this much may end one that holds, or keep one that has ended. */
const jumpMs = 5_000;
const rememberedMs = 5 * 60_000;

/** The clocks that are compared. */
export interface Clocks {
  /** Milliseconds since 1970, which somebody may set. */
  readonly wall: () => number;
  /** Milliseconds that only ever go on. */
  readonly steady: () => number;
}

/**
 * Watches the clock of the machine: each look says whether the time can be meant, and whether it has jumped in the last minutes.
 *
 * @example
 * const look = watchClock();
 * look().status; // "pass"
 */
export function watchClock({ wall, steady }: Clocks = { wall: () => Date.now(), steady: () => performance.now() }) {
  let ahead = wall() - steady();
  let jumpedAt = -Infinity;
  let jump = 0;
  return (): Finding => {
    const now = wall();
    const aheadNow = now - steady();
    if (Math.abs(aheadNow - ahead) >= jumpMs) {
      jump = aheadNow - ahead;
      jumpedAt = steady();
    }
    ahead = aheadNow;
    const observedValue = new Date(now).toISOString();
    if (now < earliest)
      return { status: "fail", observedValue, output: `the clock says ${observedValue}: it is not set` };
    if (steady() - jumpedAt > rememberedMs) return { status: "pass", observedValue };
    const by = `${Math.abs(Math.round(jump / 1_000))} s ${jump > 0 ? "forward" : "back"}`;
    return { status: "warn", observedValue, output: `the clock has jumped ${by}, or the machine has slept` };
  };
}
