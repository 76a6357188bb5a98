import { isRequired, type Result } from "../types.ts";

/** How many of a set of results say what. */
export interface Counts {
  /** Results that were asked: all but those that do not apply, those that wait for a cause and those that the user left out. */
  readonly asked: number;
  readonly passed: number;
}

/** Counts for the line of a heading. */
export function countResults(results: readonly Result[]): Counts {
  const asked = results.filter((result) => !["notApplicable", "blocked", "skipped", "waived"].includes(result.status));
  return { asked: asked.length, passed: asked.filter((result) => result.status === "pass").length };
}

/** What the last line counts, in words: `1 required check failed`, `2 warnings`. A roll-up is its members' echo and not counted. */
export function summariseResults(results: readonly Result[]): readonly string[] {
  const own = results.filter((result) => result.rollUpOf.length === 0);
  // What was not run counts as not passed, and yet has not failed: after Ctrl-C nobody should look for what is broken.
  const said = own.filter((result) => isFailure(result) && result.status !== "notRun");
  const failed = said.filter((result) => isRequired(result.severity));
  const of = (kind: Result["kind"]): number => failed.filter((result) => result.kind === kind).length;
  const warned = [
    ...own.filter(({ status }) => status === "warn"),
    ...said.filter((result) => !failed.includes(result)),
  ];
  const count = (status: Result["status"]): number => own.filter((result) => result.status === status).length;
  return [
    plural(of("check"), "required check failed", "required checks failed"),
    plural(of("test"), "test failed", "tests failed"),
    plural(of("benchmark"), "benchmark failed", "benchmarks failed"),
    plural(warned.length, "warning", "warnings"),
    plural(count("inconclusive"), "inconclusive", "inconclusive"),
    plural(count("notRun"), "not run", "not run"),
    plural(count("blocked"), "blocked", "blocked"),
    plural(count("skipped"), "skipped", "skipped"),
    plural(count("waived"), "waived", "waived"),
    plural(own.filter((result) => result.flaky).length, "flaky", "flaky"),
  ].filter((text) => text !== "");
}

/** Whether a result says no, whatever its severity. */
export function isFailure({ status }: Result): boolean {
  return status === "fail" || status === "error" || status === "timeout" || status === "notRun";
}

function plural(count: number, one: string, many: string): string {
  return count === 0 ? "" : `${count} ${count === 1 ? one : many}`;
}
