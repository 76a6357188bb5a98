import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPatterns, splitPattern } from "./support/find-patterns.ts";

const verdicts = JSON.parse(await readFile(join(import.meta.dirname, "patterns.json"), "utf8")) as Readonly<
  Record<string, string>
>;
const patterns = await findPatterns();

describe("regular expressions of the product", () => {
  it("are found, and each has been asked about: run `node scripts/check-patterns.ts` after a change", () => {
    expect(patterns.size).toBeGreaterThan(100);
    expect([...patterns.keys()].toSorted()).toEqual(Object.keys(verdicts).toSorted());
  });

  it("are linear, or see no long text from outside, or could not be proved and are attacked here", () => {
    const wrong = Object.entries(verdicts).filter(
      ([, verdict]) => !/^(?:linear|not proved|bounded: .{10,})$/.test(verdict),
    );
    expect(wrong).toEqual([]);
  });

  it.each(Object.keys(verdicts).filter((pattern) => verdicts[pattern] === "not proved"))(
    "%s does not grow out of hand",
    (pattern) => {
      const { source, flags } = splitPattern(pattern);
      for (const text of attacksOn(source)) {
        const begin = performance.now();
        new RegExp(source, flags).test(text);
        // Linear takes about a millisecond, exponential for ever: nothing between is measured.
        expect(performance.now() - begin).toBeLessThan(2_000);
      }
    },
    30_000,
  );
});

/** Long texts of what the pattern speaks of, each spoiled at its end. */
function attacksOn(source: string): string[] {
  const length = 10_000;
  const atoms = new Set([...source.replaceAll(/\\./g, "").matchAll(/[\w:/@.'"= -]/g)].map(([character]) => character));
  const words = [...source.matchAll(/[A-Za-z]{2,}/g)].map(([word]) => word);
  return [...atoms, ...new Set(words), "a", "0", " ", "-", "a0", "\n"].map(
    (atom) => `${atom.repeat(Math.ceil(length / atom.length))}\u0000!`,
  );
}
