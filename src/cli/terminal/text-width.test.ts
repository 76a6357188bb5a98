import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutToWidth, displayWidth } from "./text-width.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);

describe("displayWidth", () => {
  it.each([
    ["", 0],
    ["gateway", 7],
    ["日本", 4],
    ["e\u0301", 1],
    ["👩‍🚒", 2],
    ["größer", 6],
  ])("of %j is %i", (text, width) => {
    expect(displayWidth(text)).toBe(width);
  });
});

describe("cutToWidth", () => {
  it.each([
    ["gateway", 7, "gateway"],
    ["gateway", 5, "gate…"],
    ["gateway", 1, "…"],
    ["gateway", 0, ""],
    ["日本語", 5, "日本…"],
    ["日本語", 4, "日…"],
    ["e\u0301e\u0301e\u0301", 2, "e\u0301…"],
  ])("cuts %j to %i columns as %j", (text, width, expected) => {
    expect(cutToWidth(text, width, "…")).toBe(expected);
  });

  it("never gives more columns than asked for, and the beginning of the text", () => {
    const text = fc.string({ unit: "grapheme", maxLength: 30 });
    fc.assert(
      fc.property(text, fc.nat(40), fc.constantFrom("…", ".."), (whole, width, end) => {
        const cut = cutToWidth(whole, width, end);
        expect(displayWidth(cut)).toBeLessThanOrEqual(Math.max(width, 0));
        expect(cut === whole || whole.startsWith(cut.endsWith(end) ? cut.slice(0, -end.length) : cut)).toBe(true);
      }),
      { numRuns },
    );
  });
});
