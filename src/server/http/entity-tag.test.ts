import { expect, it } from "vitest";
import { namesTag, tagOf } from "./entity-tag.ts";

const tag = tagOf("{}");

it.each([
  [tag, true, true],
  [`"other", ${tag}`, true, true],
  [`"other",${tag}`, true, true],
  ["*", true, true],
  // What nginx makes of a tag when it packs the answer: the same for a reader, and not enough for who changes something.
  [`W/${tag}`, true, false],
  [`W/"other", W/${tag}`, true, false],
  ['"other"', false, false],
  [tag.slice(1, -1), false, false],
  ["", false, false],
  [undefined, false, false],
])("a caller who names %s has seen it: for reading %s, for changing %s", (header, weakly, exactly) => {
  expect([namesTag(header, tag, "weakly"), namesTag(header, tag, "exactly")]).toEqual([weakly, exactly]);
});

it("a tag is one of its text alone, in the form of RFC 9110", () => {
  expect(tag).toMatch(/^"[\w-]{22}"$/);
  expect([tagOf("{}"), tagOf("[]") === tag]).toEqual([tag, false]);
});
