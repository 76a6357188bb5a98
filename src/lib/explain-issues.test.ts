import * as z from "zod";
import { describe, expect, it } from "vitest";
import { explainIssues } from "./explain-issues.ts";

const schema = z.strictObject({
  version: z.literal(1),
  engine: z.enum(["embedded"]).prefault("embedded"),
  limits: z.strictObject({ steps: z.int().min(1).max(9).prefault(2), name: z.string().min(1).optional() }).prefault({}),
  secrets: z.record(z.string().regex(/^[A-Z]+$/, "a name in capitals"), z.string()).prefault({}),
  list: z.array(z.strictObject({ role: z.string() })).prefault([]),
});
const notBuilt = {
  server: "No server yet.",
  "engine=temporal": "Only the embedded engine yet.",
  "list.*.when": "No conditions yet.",
};

function explain(value: unknown): string[] {
  const result = schema.safeParse(value);
  const issues = result.success ? [] : result.error.issues;
  return explainIssues({ value, schema, notBuilt }, issues).map(
    ({ path, at, message, hint }) => `${path.join(".")} (${at}): ${message}${hint === undefined ? "" : ` -> ${hint}`}`,
  );
}

describe("explainIssues", () => {
  it("says in plain words what is wrong", () => {
    expect(explain({ version: 1 })).toEqual([]);
    expect(explain(null)).toEqual([" (value): the document must be a map, but it is empty"]);
    expect(explain({})).toEqual(['version (key): "version" is required here -> add `version: 1`']);
    expect(explain({ version: 2 })).toEqual(['version (value): "version" must be 1, not 2']);
    expect(explain({ version: 1, limits: null })).toEqual(['limits (value): "limits" must be a map, but it is empty']);
    expect(explain({ version: 1, limits: { steps: 1.5, name: "" } })).toEqual([
      'limits.steps (value): "steps" must be a whole number, not 1.5',
      'limits.name (value): "name" must not be empty',
    ]);
    expect(explain({ version: 1, limits: { steps: 0, name: ["a"] } })).toEqual([
      'limits.steps (value): "steps" must be at least 1',
      'limits.name (value): "name" must be text, not a list',
    ]);
    expect(explain({ version: 1, limits: { steps: 10 } })).toEqual(['limits.steps (value): "steps" must be at most 9']);
    expect(explain({ version: 1, list: [{}] })).toEqual(['list.0.role (key): "list.0.role" is required here']);
  });

  it("suggests the nearest key and value", () => {
    expect(explain({ version: 1, limit: {} })).toEqual(['limit (key): unknown key "limit" -> did you mean "limits"?']);
    expect(explain({ version: 1, engine: "embeded" })).toEqual([
      'engine (value): "engine" must be embedded, not "embeded" -> did you mean "embedded"?',
    ]);
  });

  it("refuses keys and values that are not built with their own sentences", () => {
    expect(explain({ version: 1, server: {}, engine: "temporal", list: [{ role: "a", when: "b" }] })).toEqual([
      'engine (value): "temporal" is not built yet -> Only the embedded engine yet.',
      'list.0.when (key): "when" is not built yet -> No conditions yet.',
      'server (key): "server" is not built yet -> No server yet.',
    ]);
  });

  it("names a bad key of a record", () => {
    expect(explain({ version: 1, secrets: { lower: "x" } })).toEqual(["secrets.lower (key): a name in capitals"]);
  });
});
