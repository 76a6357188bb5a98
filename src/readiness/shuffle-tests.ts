import { seededRandom } from "./statistics.ts";
import type { SuitePlan } from "./suite-plan.ts";

/** The plan with its tests in the order of a seed (Fisher and Yates); as it is without one. */
export function shuffleTests(plan: SuitePlan, seed: number | undefined): SuitePlan {
  if (seed === undefined) return plan;
  const random = seededRandom(seed);
  const tests = plan.checks.filter(({ definition }) => definition.kind === "test");
  for (let last = tests.length - 1; last > 0; last -= 1) {
    const other = Math.floor(random() * (last + 1));
    const [a, b] = [tests[last], tests[other]];
    if (a !== undefined && b !== undefined) [tests[last], tests[other]] = [b, a];
  }
  const others = plan.checks.filter(({ definition }) => definition.kind !== "test");
  const before = others.filter(({ definition }) => definition.kind === "check");
  const after = others.filter(({ definition }) => definition.kind === "benchmark");
  return { ...plan, checks: [...before, ...tests, ...after] };
}
