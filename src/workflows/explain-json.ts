import type { ErrorObject } from "ajv";
import type { Explanation } from "../lib/explain-issues.ts";
import { isJsonObject } from "../lib/json.ts";
import { didYouMean, nearest } from "../lib/suggest.ts";

/** Says in plain words what errors of a JSON Schema mean, each place once. */
export function explainJsonErrors(value: unknown, errors: readonly ErrorObject[]): Explanation[] {
  // Of alternatives, only that none fits is told: what is wrong with each of them is noise.
  const alternatives = errors.filter(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
  const told = errors.filter(
    (error) => !alternatives.some((other) => error.schemaPath.startsWith(`${other.schemaPath}/`)),
  );
  const found = told.map((error) => explainError(value, error));
  return found.filter((one, index) => found.findIndex((other) => samePlace(one, other)) === index);
}

function samePlace(one: Explanation, other: Explanation): boolean {
  return one.at === other.at && one.path.join("/") === other.path.join("/");
}

function explainError(value: unknown, error: ErrorObject): Explanation {
  const path = readPointer(value, error.instancePath);
  const params: Readonly<Record<string, unknown>> = error.params;
  if (error.keyword === "required") {
    const key = String(params["missingProperty"]);
    return { kind: "missing", path: [...path, key], at: "key", message: `"${key}" is required here` };
  }
  if (error.keyword === "additionalProperties") {
    const key = String(params["additionalProperty"]);
    const known = Object.keys(toObject(error.parentSchema?.["properties"]));
    return {
      kind: "unknownKey",
      path: [...path, key],
      at: "key",
      message: `unknown key "${key}"`,
      hint: didYouMean(key, known),
    };
  }
  const last = path.at(-1);
  const name = last === undefined ? "the value" : typeof last === "number" ? `item ${last + 1}` : `"${last}"`;
  if (error.keyword === "enum" || error.keyword === "const") return explainChoice(error, path);
  return { kind: "value", path, at: "value", message: `${name} ${describe(error)}` };
}

function explainChoice(error: ErrorObject, path: Explanation["path"]): Explanation {
  const members =
    error.keyword === "enum" && Array.isArray(error.schema) ? error.schema.map(show) : [show(error.schema)];
  const got = show(error.data);
  const message = `${JSON.stringify(got)} is not ${members.length === 1 ? members[0] : `one of ${members.join(", ")}`}`;
  const near = typeof error.data === "string" ? nearest(got, members) : undefined;
  const base = { kind: "value", path, at: "value", message } as const;
  return near === undefined ? base : { ...base, hint: `did you mean "${near}"?` };
}

function describe({ keyword, schema, parentSchema, message }: ErrorObject): string {
  const limit = show(schema);
  switch (keyword) {
    case "type":
      return `must be ${typesOf(schema)}`;
    case "anyOf":
    case "oneOf":
      return `must be ${Array.isArray(schema) ? [...new Set(schema.map((option) => typesOf(toObject(option)["type"])))].join(" or ") : "another value"}`;
    case "minimum":
      return `must be at least ${limit}`;
    case "maximum":
      return `must be at most ${limit}`;
    case "exclusiveMinimum":
      return `must be more than ${limit}`;
    case "exclusiveMaximum":
      return `must be less than ${limit}`;
    case "multipleOf":
      return `must be a multiple of ${limit}`;
    case "minLength":
      return schema === 1 ? "must not be empty" : `must be at least ${limit} characters long`;
    case "maxLength":
      return `must be at most ${limit} characters long`;
    case "minItems":
      return schema === 1 ? "must not be empty" : `must be at least ${limit} items long`;
    case "maxItems":
      return `must be at most ${limit} items long`;
    case "uniqueItems":
      return "must not hold the same item twice";
    case "pattern": {
      const about: unknown = parentSchema?.["description"];
      return `must match ${limit}${typeof about === "string" ? ` (${about})` : ""}`;
    }
    default:
      return message ?? "does not fit";
  }
}

const typeNames: Readonly<Record<string, string>> = {
  object: "a map",
  array: "a list",
  string: "text",
  integer: "a whole number",
  number: "a number",
  boolean: "true or false",
  null: "empty",
};

function typesOf(type: unknown): string {
  const names = Array.isArray(type) ? type : [type];
  return names.map((name) => typeNames[show(name)] ?? "another value").join(" or ");
}

function show(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}

function toObject(value: unknown): Readonly<Record<string, unknown>> {
  return isJsonObject(value) ? value : {};
}

/** The keys and indexes of a JSON pointer into a value. */
function readPointer(value: unknown, pointer: string): (string | number)[] {
  const path: (string | number)[] = [];
  let at = value;
  for (const part of pointer.split("/").slice(1)) {
    const key = part.replaceAll("~1", "/").replaceAll("~0", "~");
    path.push(Array.isArray(at) ? Number(key) : key);
    at = (at as Readonly<Record<string, unknown>> | undefined)?.[key];
  }
  return path;
}
