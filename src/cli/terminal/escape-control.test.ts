import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { escapeControl } from "../../lib/escape-control.ts";
import { cleanOutputLine, escapeControlLines } from "./escape-control.ts";

const numRuns = Number(process.env["FUZZ_RUNS"] ?? 100);
const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({
    unit: fc.constantFrom(
      "\u001B",
      "[",
      "2",
      "J",
      "\u009B",
      "\u0007",
      "]",
      "0",
      ";",
      "a",
      "\n",
      "\r",
      "\u202E",
      "\uD800",
    ),
  }),
);
/** What could act on a terminal or reorder the text around it. */
const acting = /(?![\u200C\u200D])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

describe("escapeControl", () => {
  it.each([
    ["plain text", "plain text"],
    ["größer 日本 👩‍🚒", "größer 日本 👩‍🚒"],
    ["a\u001B[2Jb", "a\\x1b[2Jb"],
    ["title\u0007", "title\\x07"],
    ["\u009B31m", "\\x9b31m"],
    ["two\nlines\tand\rmore", "two\\nlines\\tand\\rmore"],
    ["safe\u202Etxt.exe", "safe\\u202etxt.exe"],
    ["zero\u200Bwidth\uFEFF", "zero\\u200bwidth\\ufeff"],
    ["line\u2028separator", "line\\u2028separator"],
    ["half \uD83D pair", "half \\ud83d pair"],
    ["tag \u{E0041}", "tag \\u{e0041}"],
  ])("shows %j as %j", (text, expected) => {
    expect(escapeControl(text)).toBe(expected);
  });

  it("leaves nothing that acts on a terminal", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeControl(text)).not.toMatch(acting);
      }),
      { numRuns },
    );
  });

  it("changes a text once only", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeControl(escapeControl(text))).toBe(escapeControl(text));
      }),
      { numRuns },
    );
  });
});

describe("escapeControlLines", () => {
  it("keeps lines and shows tabs as spaces", () => {
    expect(escapeControlLines("a\tb\r\nc\u001B[1m")).toBe("a  b\nc\\x1b[1m");
  });

  it("leaves nothing but line feeds that acts on a terminal", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(escapeControlLines(text).replaceAll("\n", "")).not.toMatch(acting);
      }),
      { numRuns },
    );
  });
});

describe("cleanOutputLine", () => {
  it("drops colours, which steps print on purpose", () => {
    expect(cleanOutputLine("  \u001B[31mfailed\u001B[0m: 3 tests  ")).toBe("failed: 3 tests");
  });

  it("drops hyperlinks and titles, and escapes what is left", () => {
    expect(cleanOutputLine("\u001B]0;owned\u0007ok\u0008")).toBe("ok\\x08");
  });

  it("leaves nothing that acts on a terminal", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(cleanOutputLine(text)).not.toMatch(acting);
      }),
      { numRuns },
    );
  });
});
