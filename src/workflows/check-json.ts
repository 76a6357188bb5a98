import * as z from "zod";
import { explainIssues, type Explanation } from "../lib/explain-issues.ts";
import { isJsonObject } from "../lib/json.ts";

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The value with defaults filled in, or what is wrong with it. */
export type JsonCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Explanation[] };

/**
 * Makes a check of values against a JSON Schema: the keywords that `inputs` may use, and those of zod's converter besides.
 *
 * @throws Error when the schema uses a keyword that cannot be checked.
 * @example
 * compileJsonCheck({ type: "integer", minimum: 20 })(12); // { ok: false, problems: [{ message: "the document must be at least 20", … }] }
 */
export function compileJsonCheck(schema: JsonSchema): (value: unknown) => JsonCheck {
  const converted = z.fromJSONSchema(makeExact(schema) as Parameters<typeof z.fromJSONSchema>[0]);
  return (value) => {
    const result = converted.safeParse(value);
    if (result.success) return { ok: true, value: result.data };
    return { ok: false, problems: explainIssues({ value, schema: converted }, result.error.issues) };
  };
}

/** Closes the gaps between zod's converter and JSON Schema: patterns read Unicode, and `required` holds for undeclared keys too. */
function makeExact(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(makeExact);
  if (!isJsonObject(schema)) return schema;
  const { default: preset, enum: members, const: only, properties, pattern, ...rest } = schema;
  const exact: Record<string, unknown> = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, makeExact(value)]),
  );
  if (preset !== undefined) exact["default"] = preset;
  if (members !== undefined) exact["enum"] = members;
  if (only !== undefined) exact["const"] = only;
  // The converter hands it to `new RegExp`, which keeps the flag of an expression that it is given.
  if (typeof pattern === "string") exact["pattern"] = new RegExp(pattern, "u");
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  if (properties !== undefined || required.length > 0) {
    const declared = isJsonObject(properties) ? Object.entries(properties) : [];
    const names = new Set(declared.map(([name]) => name));
    const missing = required.filter((name) => !names.has(String(name))).map((name) => [String(name), {}] as const);
    exact["properties"] = Object.fromEntries([
      ...declared.map(([name, inner]) => [name, makeExact(inner)] as const),
      ...missing,
    ]);
  }
  return exact;
}

/** Places of a value that JSON cannot hold: numbers without an end, and nesting deeper than 64 levels. */
export function* findNonJson(value: unknown, path: readonly (string | number)[] = []): Generator<Explanation> {
  if (typeof value === "number" && !Number.isFinite(value)) {
    yield { kind: "value", path, at: "value", message: "this number cannot be kept: it has no end" };
  }
  if (typeof value !== "object" || value === null) return;
  if (path.length > 64) {
    yield { kind: "value", path, at: "value", message: "this is nested deeper than 64 levels" };
    return;
  }
  for (const [key, inner] of Object.entries(value)) {
    if (key === "__proto__")
      yield { kind: "value", path: [...path, key], at: "key", message: '"__proto__" is reserved' };
    else yield* findNonJson(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}
