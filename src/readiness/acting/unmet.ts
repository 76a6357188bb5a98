import type { Outcome } from "../types.ts";

/** What a refuted expectation adds to its reason. */
export type UnmetDetails = Pick<Outcome, "expected" | "observed" | "evidence" | "remediation" | "severity">;

/** The product did not do what a check expects of it: the check's answer is no. */
export class Unmet extends Error {
  override readonly name = "Unmet";
  readonly outcome: Outcome;

  constructor(reason: string, details: UnmetDetails = {}) {
    super(reason);
    this.outcome = { status: "fail", reason, ...details };
  }
}

/**
 * Goes on only when a condition holds.
 *
 * @throws Unmet
 * @example
 * expectMet(exitCode === 0, "the run failed", { expected: "exit 0", observed: `exit ${exitCode}` });
 */
export function expectMet(condition: boolean, reason: string, details?: UnmetDetails): asserts condition {
  if (!condition) throw new Unmet(reason, details);
}

/**
 * Goes on only when two values are the same as JSON.
 *
 * @throws Unmet that shows both; of large ones the first place where they differ.
 */
export function expectSame(observed: unknown, expected: unknown, reason: string): void {
  const [seen, wanted] = [show(observed), show(expected)];
  if (seen === wanted) return;
  if (Math.max(seen.length, wanted.length) <= shownInFull) {
    throw new Unmet(reason, { expected: wanted, observed: seen });
  }
  const { place, seen: at, wanted: instead } = findDifference(JSON.parse(seen), JSON.parse(wanted), "");
  const [was, should] = [show(at).slice(0, shownInFull), show(instead).slice(0, shownInFull)];
  throw new Unmet(reason, { expected: `${place}: ${should}`, observed: `${place}: ${was}` });
}

const shownInFull = 160;

function show(value: unknown): string {
  return JSON.stringify(value) ?? "nothing";
}

interface Difference {
  /** `targets.0.state`. */
  readonly place: string;
  readonly seen: unknown;
  readonly wanted: unknown;
}

function findDifference(seen: unknown, wanted: unknown, place: string): Difference {
  if (typeof seen !== "object" || typeof wanted !== "object" || seen === null || wanted === null) {
    return { place, seen, wanted };
  }
  const [a, b] = [new Map(Object.entries(seen)), new Map(Object.entries(wanted))];
  const key = [...new Set([...a.keys(), ...b.keys()])].find((name) => show(a.get(name)) !== show(b.get(name)));
  // The same in all keys, and yet another text: only their order differs.
  if (key === undefined) return { place, seen: [...a.keys()], wanted: [...b.keys()] };
  return findDifference(a.get(key), b.get(key), place === "" ? key : `${place}.${key}`);
}
