import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Aged, chooseGone, chooseRuns, endStates, type Kept } from "./choose-kept.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 200);
const kept = fc.record({ age: fc.integer({ min: 0, max: 50 }), count: fc.integer({ min: 0, max: 12 }) });
const runs = fc
  .array(
    fc.record({
      endedAt: fc.integer({ min: 0, max: 60 }),
      state: fc.constantFrom(...endStates, "running"),
    }),
    { maxLength: 25 },
  )
  .map((list) => list.map((run, index) => ({ ...run, position: index + 1 })));

/** Whether one goes, by counting how many are newer. */
function goes(item: Aged, all: readonly Aged[], { age, count }: Kept, at: number): boolean {
  if (item.endedAt >= at) return false;
  const isNewer = (other: Aged): boolean =>
    other.endedAt > item.endedAt || (other.endedAt === item.endedAt && other.position > item.position);
  const newer = all.filter((other) => other.endedAt < at && isNewer(other));
  return newer.length >= count || item.endedAt < at - age;
}

describe("what is purged", () => {
  it("is what a rule by age and count says, asked one by one", () => {
    fc.assert(
      fc.property(runs, kept, fc.integer({ min: 0, max: 70 }), (all, rule, at) => {
        const gone = chooseGone(all, rule, at);
        expect(new Set(gone)).toEqual(new Set(all.filter((run) => goes(run, all, rule, at))));
        expect(gone).toEqual(gone.toSorted((a, b) => a.endedAt - b.endedAt || a.position - b.position));
      }),
      { numRuns },
    );
  });

  it("is asked of each state by itself, and never of what is going on", () => {
    const rules = fc.record({ succeeded: kept, partial: kept, failed: kept, cancelled: kept }, { requiredKeys: [] });
    fc.assert(
      fc.property(runs, rules, fc.integer({ min: 0, max: 70 }), (all, byState, at) => {
        const gone = new Set(chooseRuns(all, byState, at));
        for (const run of all) {
          const rule = run.state === "running" ? undefined : byState[run.state];
          const same = all.filter(({ state }) => state === run.state);
          expect(gone.has(run)).toBe(rule !== undefined && goes(run, same, rule, at));
        }
      }),
      { numRuns },
    );
  });

  it("is the same again when what went is not there any more: an interrupted purge goes on", () => {
    fc.assert(
      fc.property(runs, kept, fc.integer({ min: 0, max: 70 }), fc.nat(), (all, rule, at, n) => {
        const gone = chooseGone(all, rule, at);
        const done = new Set(gone.slice(0, n % (gone.length + 1)));
        const rest = all.filter((run) => !done.has(run));
        expect(chooseGone(rest, rule, at)).toEqual(gone.filter((run) => !done.has(run)));
      }),
      { numRuns },
    );
  });
});
