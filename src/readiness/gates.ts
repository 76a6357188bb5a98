import type { Finding } from "./finding.ts";
import { type GateName, isRequired, type Profile, type Result } from "./types.ts";

/** What a gate says, with the numbers that it says it from. */
export interface GateResult {
  readonly name: GateName;
  /** `notEvaluated` when nothing of it was executed: never a pass. */
  readonly status: "pass" | "fail" | "notEvaluated";
  /** What it contributes to the verdict: 0, 1 (failed) or 2 (passed, but imperfect). */
  readonly code: 0 | 1 | 2;
  /** Required results that count: those that passed and those that did not. */
  readonly required: number;
  readonly passed: number;
  readonly failed: number;
  /** Required results that a waiver took out. */
  readonly waived: number;
  /** Required results without an answer: skipped, blocked or inconclusive. */
  readonly unverified: number;
  /** Advisory results that say no, and required ones that say yes with a reservation. */
  readonly warnings: number;
  readonly flaky: number;
  /** Share of required results that passed, in percent, rounded down to one decimal; null when there is none. */
  readonly percent: number | null;
  /** Why it is not a plain pass; empty when it is. */
  readonly reasons: readonly string[];
}

/** What gates depend on besides the results. */
export interface GateRules {
  readonly profile: Profile;
  /** `gates.acceptWaivedCritical`: a waived critical or security result no longer keeps the verdict from 0. */
  readonly acceptWaivedCritical?: boolean;
  /** Gates of which the user's `--only` left nothing: unverified rather than failed. */
  readonly leftOut?: ReadonlySet<GateName>;
  /** `--allow-empty`, and the selection is empty: nothing is vouched for, and nothing is held against it. */
  readonly empty?: boolean;
}

/** A gate with what it adds to the verdict beside its code. */
export interface EvaluatedGate {
  readonly gate: GateResult;
  /** Notes that `--strict` makes reservations. */
  readonly concerns: readonly Finding[];
}

/** How one result counts in a gate. */
type Standing = "passed" | "failed" | "waived" | "unverified" | "out";

/** What the word of a required result means for a gate. `blocked` leaves the rate because its cause is already counted. */
function standingOf(result: Result): Standing {
  switch (result.status) {
    case "pass":
    case "warn":
      return "passed";
    case "fail":
    case "error":
    case "timeout":
    case "notRun":
      return "failed";
    case "waived":
      return "waived";
    case "skipped":
    case "blocked":
    case "inconclusive":
      return "unverified";
    case "notApplicable":
      return "out";
  }
}

/** Whether an advisory result says no, or could not say yes. A skipped or blocked one changes nothing. */
function isAdvisoryFailure(result: Result): boolean {
  return ["warn", "fail", "error", "timeout", "notRun", "inconclusive"].includes(result.status);
}

/** The counts of a gate, before its own formula. */
interface Tally {
  readonly required: readonly Result[];
  readonly by: Readonly<Record<Standing, readonly Result[]>>;
  readonly warnings: readonly Result[];
  readonly flaky: readonly Result[];
  readonly executed: number;
}

function tally(results: readonly Result[]): Tally {
  const required = results.filter((result) => isRequired(result.severity));
  const advisory = results.filter((result) => !isRequired(result.severity));
  const by: Record<Standing, Result[]> = { passed: [], failed: [], waived: [], unverified: [], out: [] };
  for (const result of required) by[standingOf(result)].push(result);
  const warnings = [...by.passed.filter((result) => result.status === "warn"), ...advisory.filter(isAdvisoryFailure)];
  const ran = (result: Result): boolean => standingOf(result) === "passed" || standingOf(result) === "failed";
  return {
    required,
    by,
    warnings,
    flaky: results.filter((result) => result.flaky),
    executed: results.filter(ran).length,
  };
}

/** Names of results, at most three, for a sentence. */
function nameThem(results: readonly Result[]): string {
  const names = results.map((result) => (result.target === null ? result.id : `${result.id} (${result.target.name})`));
  const unique = [...new Set(names)];
  return unique.length <= 3 ? unique.join(", ") : `${unique.slice(0, 3).join(", ")} and ${unique.length - 3} more`;
}

/** Why a gate fails; empty when it does not. */
function findFailures(name: GateName, count: Tally, rules: GateRules): string[] {
  const { passed, failed, unverified } = count.by;
  const reasons: string[] = [];
  if (name === "integration") {
    const executed = passed.length + failed.length;
    // Integers alone: 17 of 19 is 89.47 % and no rounding makes it 90.
    if (10 * passed.length < 9 * executed) {
      reasons.push(`${passed.length} of ${executed} tests passed, at least 90 % are needed`);
    }
    const must = failed.filter((result) => result.mustPass);
    if (must.length > 0) reasons.push(`${nameThem(must)} must pass`);
  } else if (failed.length > 0) {
    reasons.push(`${nameThem(failed)} did not pass`);
  }
  if (name === "security" && rules.profile === "production" && unverified.length > 0) {
    reasons.push(`${nameThem(unverified)} gave no answer, and production needs one`);
  }
  if (name === "benchmarks") reasons.push(...findSilentGroups(count));
  return reasons;
}

/** Groups of benchmarks that were tried without one conclusive answer. What was skipped or blocked is unverified instead. */
function findSilentGroups(count: Tally): string[] {
  const groups = new Set(count.required.map((result) => result.group));
  return [...groups].flatMap((group) => {
    const members = count.required.filter((result) => result.group === group && standingOf(result) !== "out");
    const conclusive = members.some((result) => standingOf(result) !== "unverified");
    const silent = !conclusive && members.some((result) => result.status === "inconclusive");
    return silent ? [`no conclusive benchmark of the group ${String(group)}`] : [];
  });
}

/** Why a gate that does not fail is no plain pass. */
function findReservations(name: GateName, count: Tally, rules: GateRules): string[] {
  const { failed, waived, unverified } = count.by;
  const reasons: string[] = [];
  if (name === "integration" && failed.length > 0) reasons.push(`${nameThem(failed)} did not pass`);
  if (unverified.length > 0) reasons.push(`${nameThem(unverified)} gave no answer`);
  const grave = waived.filter((result) => result.severity === "critical" || result.security);
  if (grave.length > 0 && rules.acceptWaivedCritical !== true) reasons.push(`${nameThem(grave)} is waived, not passed`);
  if (count.warnings.length > 0) reasons.push(`${nameThem(count.warnings)} warns`);
  if (count.flaky.length > 0 && rules.profile === "production") {
    reasons.push(`${nameThem(count.flaky)} passed only on the second attempt`);
  }
  return reasons;
}

/**
 * Evaluates one gate over all results of a report. Only those that name the gate count.
 *
 * @example
 * evaluateGate("integration", results, { profile: "production" }).gate.status; // "pass"
 */
export function evaluateGate(name: GateName, results: readonly Result[], rules: GateRules): EvaluatedGate {
  const count = tally(results.filter((result) => result.gates.includes(name)));
  const { passed, failed, waived, unverified } = count.by;
  const failures = findFailures(name, count, rules);
  const reservations = findReservations(name, count, rules);
  const numbers = {
    name,
    required: passed.length + failed.length,
    passed: passed.length,
    failed: failed.length,
    waived: waived.length,
    unverified: unverified.length,
    warnings: count.warnings.length,
    flaky: count.flaky.length,
    percent: percentOf(passed.length, passed.length + failed.length),
  };
  const concerns: Finding[] =
    count.flaky.length > 0 && rules.profile === "development"
      ? [{ level: "concern", text: `${nameThem(count.flaky)} passed only on the second attempt` }]
      : [];
  if (failures.length > 0) return { gate: { ...numbers, status: "fail", code: 1, reasons: failures }, concerns };
  if (count.executed === 0) {
    const selected = rules.leftOut?.has(name) !== true;
    const reason = selected ? "nothing of it was executed" : "nothing of it was selected";
    const code = rules.empty === true ? 0 : selected ? 1 : 2;
    return { gate: { ...numbers, status: "notEvaluated", code, reasons: [reason] }, concerns };
  }
  const code = reservations.length > 0 ? 2 : 0;
  return { gate: { ...numbers, status: "pass", code, reasons: reservations }, concerns };
}

/** Percent with one decimal, rounded down: 89.99 must never look like 90. */
function percentOf(passed: number, of: number): number | null {
  return of === 0 ? null : Math.floor((passed * 1_000) / of) / 10;
}
