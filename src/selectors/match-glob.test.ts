import fc from "fast-check";
import picomatch from "picomatch";
import { describe, expect, it } from "vitest";
import { matchGlob } from "./match-glob.ts";

describe("matchGlob", () => {
  it.each([
    ["a*", "abc", true],
    ["*", "", true],
    ["a?c", "abc", true],
    ["a?c", "ac", false],
    ["*", "a/b", false],
    ["**", "a/b", true],
    ["a/**", "a/b/c", true],
    ["a/**", "a", true],
    ["**/c", "c", true],
    ["a/**/c", "a/c", true],
    ["a/**/c", "a/b/b/c", true],
    ["a/**/c", "ab/c", false],
    ["a**c", "a/c", false],
    ["[ab]", "a", false],
    ["[ab]", "[ab]", true],
    ["*b", "*ab", true],
  ])("%s on %s is %s", (pattern, path, expected) => {
    expect(matchGlob(pattern, path)).toBe(expected);
  });

  it("agrees with a well-known library wherever both know the signs", () => {
    const part = fc.stringMatching(/^[ab*?]{1,4}$/).filter((text) => !text.includes("**"));
    const pattern = fc.array(fc.oneof({ weight: 3, arbitrary: part }, fc.constant("**")), {
      minLength: 1,
      maxLength: 4,
    });
    const path = fc.array(fc.stringMatching(/^[ab]{1,4}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pattern, path, (patternParts, pathParts) => {
        const [glob, text] = [patternParts.join("/"), pathParts.join("/")];
        expect(matchGlob(glob, text)).toBe(picomatch.isMatch(text, glob, { strictSlashes: true }));
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) * 3 },
    );
  });

  it("ends on a pattern that makes regular expressions explode", () => {
    expect(matchGlob(`${"*a".repeat(40)}*b`, "a".repeat(2_000))).toBe(false);
    expect(matchGlob(`${"**/".repeat(200)}b`, "a/".repeat(500))).toBe(false);
  });
});
