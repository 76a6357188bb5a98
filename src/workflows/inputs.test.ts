import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UserFileError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import { type GivenInputs, resolveInputs } from "./inputs.ts";
import type { InputSchema } from "./types.ts";

const runs = Number(process.env["FUZZ_RUNS"] ?? 100);

const workflow = {
  name: "raise-node",
  inputs: {
    major: { type: "integer", minimum: 20, default: 24 },
    share: { type: "number", default: 0.5 },
    draft: { type: "boolean", default: true },
    level: { enum: ["low", "high", 3], default: "low" },
    title: { type: "string", description: "title of the pull request", minLength: 3 },
    tags: { type: "array", items: { type: "string" }, default: [] },
    map: { type: "object", properties: { a: { type: "integer", default: 1 } }, default: {} },
  } satisfies Readonly<Record<string, InputSchema>>,
};

const resolve = (given: GivenInputs): unknown => {
  try {
    return resolveInputs(workflow, { title: "a title", ...given });
  } catch (error) {
    if (error instanceof UserFileError) return error.message;
    throw error;
  }
};

const all = { major: 24, share: 0.5, draft: true, level: "low", title: "a title", tags: [], map: { a: 1 } };

describe("resolveInputs", () => {
  it("fills in defaults", () => {
    expect(resolve({})).toEqual(all);
    expect(resolveInputs({ name: "w", inputs: {} }, {})).toEqual({});
  });

  it.each<[string, string, Json]>([
    ["major", "26", 26],
    ["major", "+26", 26],
    ["share", ".25", 0.25],
    ["share", "-1e3", -1000],
    ["draft", "false", false],
    ["level", "3", 3],
    ["level", "high", "high"],
    ["title", "240", "240"],
    ["title", "true", "true"],
    ["tags", '["a","b"]', ["a", "b"]],
    ["map", '{"a":5,"b":null}', { a: 5, b: null }],
  ])("reads a text by the type of its input: %s=%s", (name, text, value) => {
    expect(resolve({ [name]: text })).toEqual({ ...all, [name]: value });
  });

  it("takes values of programs as they are", () => {
    expect(resolve({ major: 30, draft: false, tags: ["x"] })).toEqual({ ...all, major: 30, draft: false, tags: ["x"] });
  });

  it.each<[GivenInputs, string]>([
    [{ major: "24.5" }, '"24.5" is not a whole number'],
    [{ major: "0x1F" }, '"0x1F" is not a whole number'],
    [{ major: "" }, '"" is not a whole number'],
    [{ major: "99999999999999999999" }, "too large to be kept exactly"],
    [{ share: "NaN" }, '"NaN" is not a number'],
    [{ draft: "yes" }, '"yes" is neither true nor false'],
    [{ level: "middle" }, '"middle" is not one of low, high, 3'],
    [{ tags: "a,b" }, "is not a list as JSON"],
    [{ tags: '["a",1]' }, "item 2 must be text (at 1)"],
    [{ map: "[]" }, '"map" must be a map'],
    [{ major: "19" }, '"major" must be at least 20'],
    [{ major: null }, '"major" must be a whole number'],
    [{ title: "ab" }, '"title" must be at least 3 characters long'],
  ])("refuses %j", (given, message) => {
    expect(resolve(given)).toContain(message);
  });

  it("names every problem at once, as one would write it on a command line", () => {
    const give = (): unknown => resolveInputs(workflow, { mayor: "24", major: "x y", draft: "maybe" });
    expect(give).toThrow(expect.objectContaining({ code: "INPUT_INVALID", exitCode: 64 }) as Error);
    expect(give).toThrowErrorMatchingInlineSnapshot(`
      [UserFileError: --input:1:1  unknown input "mayor"
          1 | mayor=24
            | ^^^^^ did you mean "major"?

      --input:1:7  "x y" is not a whole number
          1 | major=x y
            |       ^^^

      --input:1:7  "maybe" is neither true nor false
          1 | draft=maybe
            |       ^^^^^

      --input:1:1  input "title" is required: title of the pull request
        give it: --input title=STRING]
    `);
  });

  it("says so when a workflow takes no inputs", () => {
    expect(() => resolveInputs({ name: "w", inputs: {} }, { a: "1" })).toThrow("w takes no inputs");
  });

  it("never throws anything else, whatever is given", () => {
    let resolved = 0;
    const value = fc.oneof(
      fc.constantFrom("24", "true", "low", "[]", "{}", '{"a":1}', "0.1"),
      fc.string(),
      fc.jsonValue(),
    );
    fc.assert(
      fc.property(
        fc.dictionary(fc.oneof(fc.constantFrom(...Object.keys(workflow.inputs)), fc.string()), value),
        (given) => {
          if (typeof resolve(given as GivenInputs) === "object") resolved += 1;
        },
      ),
      { numRuns: runs },
    );
    expect(resolved).toBeGreaterThan(0);
  });
});
