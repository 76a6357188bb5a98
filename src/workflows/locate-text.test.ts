import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Scalar, stringify } from "yaml";
import { parseYamlFile } from "../lib/yaml-file.ts";
import { locateText } from "./locate-text.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const find = (text: string, needle: string): string => {
  const yaml = parseYamlFile("w.yaml", text);
  const value = (yaml.value as { readonly key: string }).key;
  const start = value.indexOf(needle);
  const range = locateText(yaml, ["key"], { start, end: start + needle.length });
  return text.slice(range.start, range.end);
};

describe("locateText", () => {
  it.each([
    ["plain", "key: one two three\n"],
    ["plain over lines", "key: one\n  two\n\n  three\n"],
    ["single quotes", "key: 'it''s one two three'\n"],
    ["double quotes", 'key: "\\t\\x41\\u00e9\\" one two three"\n'],
    ["double quotes over lines", 'key: "one \\\n  two\n  three"\n'],
    ["a word broken by an escaped line end", 'key: "zero tw\\\n  elve two"\n'],
    ["a block", "key: |\n    one\n      two\n    three\n"],
    ["a block with signs and a comment", "key: |2- # why\n    one\n   two\n  three\n"],
    ["a folded block", "key: >\n  one\n  two\n\n  three\n"],
    ["an anchor and a tag", "key: &name !!str one two three\n"],
    ["Windows lines", "key: |\r\n  one\r\n  two\r\n"],
  ])("finds a word in %s", (_, text) => {
    expect(find(text, "two")).toBe("two");
  });

  it("shows the whole value when it is an alias, and a text of several lines up to the first line's end", () => {
    const yaml = parseYamlFile("w.yaml", "a: &x one two\nkey: *x\n");
    const { start, end } = locateText(yaml, ["key"], { start: 4, end: 7 });
    expect(yaml.text.slice(start, end)).toBe("*x");
    expect(find("key: |\n  one two\n  three\n", "two\nthree")).toBe("two");
  });

  it("finds any word of any text in any style", () => {
    const styles = fc.constantFrom<Scalar.Type>(
      "PLAIN",
      "QUOTE_SINGLE",
      "QUOTE_DOUBLE",
      "BLOCK_LITERAL",
      "BLOCK_FOLDED",
    );
    const filler = fc.string({
      unit: fc.constantFrom("a", " ", "\n", "'", '"', "\\", "\t", "é", ":", "#", "-", "{"),
      maxLength: 60,
    });
    fc.assert(
      fc.property(
        filler,
        filler,
        styles,
        fc.integer({ min: 20, max: 80 }),
        (before, after, defaultStringType, lineWidth) => {
          const text = stringify({ key: `${before}X${after}` }, { defaultStringType, lineWidth });
          expect(find(text, "X")).toBe("X");
        },
      ),
      { numRuns: runs * 5 },
    );
  });
});
