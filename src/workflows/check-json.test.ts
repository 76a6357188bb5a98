import { describe, expect, it } from "vitest";
import { checkJson, findNonJson, type JsonSchema } from "./check-json.ts";

const first = (schema: JsonSchema, value: unknown): unknown => {
  const result = checkJson(schema, value);
  return result.ok ? "fits" : result.problems[0];
};

describe("checkJson", () => {
  it("fills in defaults at any depth, and leaves the value itself as it is", () => {
    const schema = {
      type: "object",
      properties: { a: { type: "object", properties: { b: { type: "integer", default: 3 } } } },
    };
    const value = { a: {} };
    expect(checkJson(schema, value)).toEqual({ ok: true, value: { a: { b: 3 } } });
    expect(value).toEqual({ a: {} });
  });

  it.each<[JsonSchema, unknown, string]>([
    [{ type: "integer" }, 1.5, "the value must be a whole number"],
    [{ type: ["string", "null"] }, 1, "the value must be text or empty"],
    [{ type: "object", properties: { a: { type: "number", minimum: 3 } } }, { a: 2 }, '"a" must be at least 3'],
    [
      { type: "object", properties: { a: { type: "array", items: { type: "boolean" } } } },
      { a: [true, 1] },
      "item 2 must be true or false",
    ],
    [{ type: "number", exclusiveMaximum: 3 }, 3, "the value must be less than 3"],
    [{ type: "number", multipleOf: 2 }, 3, "the value must be a multiple of 2"],
    [{ type: "string", minLength: 1 }, "", "the value must not be empty"],
    [{ type: "string", maxLength: 1 }, "ab", "the value must be at most 1 characters long"],
    [{ type: "string", pattern: "^v\\d" }, "x", "the value must match ^v\\d"],
    [{ type: "array", uniqueItems: true }, [1, 1], "the value must not hold the same item twice"],
    [{ enum: ["low", 3] }, "lwo", '"lwo" is not one of low, 3'],
    [
      { anyOf: [{ type: "integer" }, { type: "array", items: { type: "integer" } }] },
      "x",
      "the value must be a whole number or a list",
    ],
    [{ type: "object", required: ["a"] }, {}, '"a" is required here'],
  ])("says in plain words what does not fit: %j", (schema, value, message) => {
    expect(first(schema, value)).toMatchObject({ message });
  });

  it("counts characters, not halves of them, and reads classes of Unicode", () => {
    expect(first({ type: "string", maxLength: 1 }, "😀")).toBe("fits");
    expect(first({ type: "string", pattern: "^\\p{L}$" }, "é")).toBe("fits");
  });

  it("names unknown keys with what was meant", () => {
    const schema = { type: "object", properties: { message: {} }, additionalProperties: false };
    expect(first(schema, { mesage: 1 })).toMatchObject({
      kind: "unknownKey",
      path: ["mesage"],
      at: "key",
      hint: 'did you mean "message"?',
    });
  });
});

describe("findNonJson", () => {
  it("finds what JSON cannot hold", () => {
    expect([...findNonJson({ a: [1, Infinity], b: { c: Number.NaN } })].map(({ path }) => path)).toEqual([
      ["a", 1],
      ["b", "c"],
    ]);
    expect([...findNonJson(JSON.parse('{"a":{"__proto__":1}}'))]).toMatchObject([
      { path: ["a", "__proto__"], at: "key" },
    ]);
    expect([...findNonJson(JSON.parse(`${"[".repeat(80)}1${"]".repeat(80)}`))]).toHaveLength(1);
  });
});
