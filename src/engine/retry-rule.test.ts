import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { completeRule, type FullRetryRule, triesAgain, waitBeforeRetry } from "./retry-rule.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const defaults = { attempts: 3, backoff: "exponential", firstMs: 1_000, maxMs: 60_000 } as const;

describe("completeRule", () => {
  it("tries only time-outs and failures of the machine again where nobody wrote a rule", () => {
    expect(completeRule(undefined, undefined, defaults)).toEqual({ ...defaults, when: ["timeout", "infrastructure"] });
  });

  it("takes the step's rule over the job's, and fills the gaps from the configuration", () => {
    const all = ["exit", "timeout", "infrastructure"];
    expect(completeRule({ attempts: 5 }, { maxMs: 7 }, defaults)).toEqual({ ...defaults, attempts: 5, when: all });
    expect(completeRule(undefined, { maxMs: 7, when: ["exit"] }, defaults)).toEqual({
      ...defaults,
      maxMs: 7,
      when: ["exit"],
    });
  });
});

describe("waitBeforeRetry", () => {
  const rules = fc.record<FullRetryRule>({
    attempts: fc.integer({ min: 1, max: 100 }),
    backoff: fc.constantFrom("exponential", "fixed"),
    firstMs: fc.integer({ min: 1, max: 1e6 }),
    maxMs: fc.integer({ min: 1, max: 1e9 }),
    when: fc.constant(["exit"]),
  });
  const random = fc.double({ min: 0, max: 1, noNaN: true });

  it("lies between three quarters of the full wait and the full wait, which never exceeds the bound", () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 2_000 }), random, (rule, attempt, jitter) => {
        const full = Math.min(rule.backoff === "fixed" ? rule.firstMs : rule.firstMs * 2 ** (attempt - 1), rule.maxMs);
        const wait = waitBeforeRetry(rule, attempt, jitter);
        expect(Number.isSafeInteger(wait)).toBe(true);
        expect(wait).toBeGreaterThanOrEqual(Math.floor(full * 0.75));
        expect(wait).toBeLessThanOrEqual(full);
      }),
      { numRuns },
    );
  });

  it("grows with the attempts and shrinks with the jitter", () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: 100 }), random, random, (rule, attempt, a, b) => {
        expect(waitBeforeRetry(rule, attempt + 1, a)).toBeGreaterThanOrEqual(waitBeforeRetry(rule, attempt, a));
        const [less, more] = [Math.min(a, b), Math.max(a, b)];
        expect(waitBeforeRetry(rule, attempt, more)).toBeLessThanOrEqual(waitBeforeRetry(rule, attempt, less));
      }),
      { numRuns },
    );
    const waits = [1, 2, 3, 4].map((attempt) => waitBeforeRetry({ ...defaults, maxMs: 3_000, when: [] }, attempt, 0));
    expect(waits).toEqual([1_000, 2_000, 3_000, 3_000]);
  });
});

describe("triesAgain", () => {
  it("holds while attempts are left and the failure is named", () => {
    const rule: FullRetryRule = { ...defaults, when: ["timeout"] };
    expect([1, 2, 3].map((made) => triesAgain(rule, "timeout", made))).toEqual([true, true, false]);
    expect(triesAgain(rule, "exit", 1)).toBe(false);
  });
});
