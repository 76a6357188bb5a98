import type { Finding } from "./finding.ts";
import type { GateResult } from "./gates.ts";

/** The one answer. */
export type Verdict = "ready" | "usable" | "notReady";

/** Why a run ended before its plan did, with the exit code that this has. */
export interface Stop {
  readonly code: 70 | 130 | 143;
  readonly reason: string;
}

/** What the verdict is made from. Nothing of how it is shown is among it. */
export interface VerdictInput {
  readonly gates: readonly GateResult[];
  readonly findings: readonly Finding[];
  readonly stop?: Stop;
  /** One step stricter: a concern becomes a reservation, and a reservation a failure. */
  readonly strict?: boolean;
  /** The process ends with 0 whatever the verdict. */
  readonly exitZero?: boolean;
}

/** The answer, the code that follows from it, and why. */
export interface Decision {
  readonly verdict: Verdict;
  /** The exit code of the process. */
  readonly exitCode: number;
  /** The exit code without `--exit-zero`. */
  readonly code: number;
  /** Why it is not ready, worst first; empty when it is. */
  readonly reasons: readonly string[];
}

/** How bad a code is: 70, 130 and 143 (and whatever is not known) over 1 over 2 over 0. */
function badness(code: number): number {
  const known: Readonly<Record<number, number>> = { 0: 0, 2: 1, 1: 2 };
  return known[code] ?? 3;
}

/**
 * The worst of several exit codes. Not their maximum: 2 is a warning and 1 a failure.
 *
 * @example
 * worstCode([1, 2]); // 1
 */
export function worstCode(codes: readonly number[]): number {
  return codes.reduce((worst, code) => (badness(code) > badness(worst) ? code : worst), 0);
}

/** The code of a finding under the chosen strictness. */
function codeOfFinding(finding: Finding, strict: boolean): 0 | 1 | 2 {
  if (finding.level === "failure") return 1;
  if (finding.level === "reservation") return strict ? 1 : 2;
  return finding.level === "concern" && strict ? 2 : 0;
}

/**
 * Decides the verdict from gates and findings, once, before anything is rendered.
 *
 * @example
 * decideVerdict({ gates, findings: [] }).exitCode; // 0, 1 or 2
 */
export function decideVerdict(input: VerdictInput): Decision {
  const strict = input.strict === true;
  const parts: { readonly code: number; readonly reasons: readonly string[] }[] = [
    ...(input.stop === undefined ? [] : [{ code: input.stop.code, reasons: [input.stop.reason] }]),
    ...input.gates.map((gate) => ({
      code: gate.code === 2 && strict ? 1 : gate.code,
      reasons: gate.reasons.map((reason) => `${gate.name}: ${reason}`),
    })),
    ...input.findings.map((finding) => ({ code: codeOfFinding(finding, strict), reasons: [finding.text] })),
  ].filter((part) => part.code !== 0);
  const code = worstCode(parts.map((part) => part.code));
  const verdict: Verdict = code === 0 ? "ready" : code === 2 ? "usable" : "notReady";
  // An interrupted run and a broken tool give no verdict that `--exit-zero` could soften.
  const softened = input.exitZero === true && badness(code) < 3;
  return {
    verdict,
    code,
    exitCode: softened ? 0 : code,
    reasons: parts.toSorted((a, b) => badness(b.code) - badness(a.code)).flatMap((part) => part.reasons),
  };
}
