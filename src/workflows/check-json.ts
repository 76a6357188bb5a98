import { runInNewContext } from "node:vm";
import { Ajv, type ErrorObject, type ValidateFunction } from "ajv";
import type { Explanation } from "../lib/explain-issues.ts";
import { explainJsonErrors } from "./explain-json.ts";

/** A JSON Schema as plain data. */
export type JsonSchema = Readonly<Record<string, unknown>>;

/** The value with defaults filled in, or what is wrong with it. */
export type JsonCheck =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problems: readonly Explanation[] };

/** Compiling costs milliseconds, and the schemas of actions are the same objects for every workflow. */
const compiled = new WeakMap<JsonSchema, ValidateFunction>();

/**
 * Checks a value against a JSON Schema and fills in defaults; the value itself stays as it is. The schema is taken as valid:
 * `inputs` are checked when a workflow is parsed.
 *
 * @param mostMs how long it may take; see `foreignSchemaMs`
 * @throws Error when the schema cannot be compiled.
 * @example
 * checkJson({ type: "integer", minimum: 20 }, 12); // { ok: false, problems: [{ message: "the value must be at least 20", … }] }
 */
export function checkJson(
  schema: JsonSchema,
  value: unknown,
  { mostMs }: { readonly mostMs?: number } = {},
): JsonCheck {
  let validate = compiled.get(schema);
  if (validate === undefined) {
    validate = compileSchema(schema);
    compiled.set(schema, validate);
  }
  const copy: unknown = structuredClone(value);
  const isRight = mostMs === undefined ? validate(copy) : validateWithin(validate, copy, mostMs);
  if (isRight === null) return { ok: false, problems: [tooSlow] };
  if (isRight) return { ok: true, value: copy };
  const errors: readonly ErrorObject[] = validate.errors ?? [];
  return { ok: false, problems: explainJsonErrors(value, errors) };
}

/** For schemas that somebody else has written: a pattern may be such that comparing a short text with it takes years. */
export const foreignSchemaMs = 250;

const tooSlow: Explanation = {
  kind: "value",
  path: [],
  at: "value",
  message: "it takes too long to compare the values with the patterns",
  hint: "write the pattern without a repetition inside a repetition",
};

/** Gives null when it takes longer. Nothing but this can stop a regular expression. */
function validateWithin(validate: ValidateFunction, value: unknown, mostMs: number): boolean | null {
  try {
    return runInNewContext("validate(value)", { validate, value }, { timeout: mostMs }) as boolean;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ERR_SCRIPT_EXECUTION_TIMEOUT") return null;
    throw error;
  }
}

function compileSchema(schema: JsonSchema): ValidateFunction {
  const ajv = new Ajv({
    allErrors: true,
    useDefaults: true,
    // Errors then carry the schema and the value that they speak of.
    verbose: true,
    strict: false,
    meta: false,
    validateSchema: false,
    logger: false,
  });
  // The dialect is not looked up: ajv would miss its meta-schema.
  return ajv.compile(Object.fromEntries(Object.entries(schema).filter(([key]) => key !== "$schema")));
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
    if (key === "__proto__") {
      yield { kind: "value", path: [...path, key], at: "key", message: '"__proto__" is reserved' };
    } else yield* findNonJson(inner, [...path, Array.isArray(value) ? Number(key) : key]);
  }
}
