import fc from "fast-check";
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

  it("agrees with the plainest possible matcher", () => {
    const part = fc.oneof({ weight: 3, arbitrary: fc.stringMatching(/^[ab*?]{1,4}$/) }, fc.constant("**"));
    const pattern = fc.array(part, { minLength: 1, maxLength: 4 });
    const path = fc.array(fc.stringMatching(/^[ab*]{1,4}$/), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(pattern, path, (patternParts, pathParts) => {
        expect(matchGlob(patternParts.join("/"), pathParts.join("/"))).toBe(matchParts(patternParts, pathParts));
      }),
      { numRuns: Number(process.env["FUZZ_RUNS"] ?? 100) * 3 },
    );
  });

  it("ends on a pattern that makes regular expressions explode", () => {
    expect(matchGlob(`${"*a".repeat(40)}*b`, "a".repeat(2_000))).toBe(false);
    expect(matchGlob(`${"**/".repeat(200)}b`, "a/".repeat(500))).toBe(false);
  });
});

/** The definition, word by word; takes exponential time. */
function matchParts([first, ...rest]: readonly string[], path: readonly string[]): boolean {
  if (first === undefined) return path.length === 0;
  if (first === "**") return path.some((_, index) => matchParts(rest, path.slice(index))) || matchParts(rest, []);
  const [name, ...others] = path;
  return name !== undefined && matchName(first, name) && matchParts(rest, others);
}

function matchName(pattern: string, name: string): boolean {
  if (pattern === "") return name === "";
  if (pattern.startsWith("*")) {
    return matchName(pattern.slice(1), name) || (name !== "" && matchName(pattern, name.slice(1)));
  }
  return (
    name !== "" && (pattern.startsWith("?") || pattern[0] === name[0]) && matchName(pattern.slice(1), name.slice(1))
  );
}
