import fc from "fast-check";

/** JSON Schema as far as the documents of the API use it. */
export interface JsonSchema {
  readonly type?: "string" | "integer" | "number" | "boolean" | "array" | "object" | "null";
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly JsonSchema[];
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly items?: JsonSchema;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | JsonSchema;
  readonly propertyNames?: JsonSchema;
}

/** Good values for keys of some name, which nobody would find by chance. */
export type Hints = Readonly<Record<string, fc.Arbitrary<unknown>>>;

/**
 * Values that a schema allows. Sizes stay small, whatever the schema allows; bounds are hit often.
 *
 * @example
 * fc.assert(fc.property(valueOf(schema, {}), (value) => validate(value)));
 */
export function valueOf(schema: JsonSchema, hints: Hints): fc.Arbitrary<unknown> {
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((each) => valueOf(each, hints)));
  switch (schema.type) {
    case "string":
      return textOf(schema);
    case "integer":
      return integerOf(schema);
    case "number":
      return fc.double({ min: schema.minimum ?? -1e6, max: schema.maximum ?? 1e6, noNaN: true });
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array": {
      const { items = {}, minItems = 0, maxItems = 5 } = schema;
      return fc.array(valueOf(items, hints), { minLength: minItems, maxLength: Math.min(maxItems, minItems + 4) });
    }
    case "object":
      return objectOf(schema, hints);
    default:
      return fc.jsonValue({ maxDepth: 2 });
  }
}

function integerOf({ minimum = -1000, maximum = Number.MAX_SAFE_INTEGER }: JsonSchema): fc.Arbitrary<number> {
  return fc.oneof(
    fc.constantFrom(minimum, maximum),
    fc.integer({ min: minimum, max: Math.min(maximum, minimum + 1000) }),
  );
}

const byUnits = { unit: "binary" } as const;

function textOf({ pattern, minLength = 0, maxLength = 5000 }: JsonSchema): fc.Arbitrary<string> {
  if (pattern !== undefined) {
    const whole = new RegExp(pattern, "u");
    // Classes that the generator does not know are narrowed to ones that it does.
    const known = pattern
      .replaceAll(String.raw`[^\s\p{C}\p{Z}]`, "[!-~¡-ÿ]")
      .replaceAll(String.raw`[^\p{C}]`, "[ -~¡-ÿ]");
    const made = known.startsWith("^(?!") ? fc.string({ maxLength: 20 }) : fc.stringMatching(new RegExp(known, "u"));
    return made.filter((text) => whole.test(text) && lengthOf(text) >= minLength && lengthOf(text) <= maxLength);
  }
  const short = Math.min(maxLength, minLength + 20);
  return fc
    .oneof(
      fc.string({ minLength, maxLength: short }),
      fc.string({ ...byUnits, minLength, maxLength: short }),
      fc.constantFrom(...[minLength, Math.min(maxLength, 70_000)].map((length) => "x".repeat(length))),
    )
    .filter((text) => lengthOf(text) >= minLength && lengthOf(text) <= maxLength);
}

/** JSON Schema counts characters, not units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}

function objectOf(schema: JsonSchema, hints: Hints): fc.Arbitrary<unknown> {
  const { properties = {}, required = [], additionalProperties, propertyNames } = schema;
  const parts = Object.entries(properties).map(([key, child]) => {
    const hint = hints[key];
    const any = valueOf(child, hints);
    return [
      key,
      hint === undefined ? any : fc.oneof({ weight: 3, arbitrary: hint }, { weight: 1, arbitrary: any }),
    ] as const;
  });
  const known = fc.record(Object.fromEntries(parts), { requiredKeys: required.filter((key) => key in properties) });
  if (typeof additionalProperties !== "object") return known;
  const more = fc.dictionary(
    propertyNames === undefined ? fc.string({ maxLength: 10 }) : (valueOf(propertyNames, {}) as fc.Arbitrary<string>),
    valueOf(additionalProperties, hints),
    { maxKeys: 3 },
  );
  return fc.tuple(known, more).map(([first, second]) => ({ ...second, ...first }));
}

/** Values that hardly any schema allows, and that code trips over. */
export const hostileValue: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    -1,
    1.5,
    1e308,
    Number.MAX_SAFE_INTEGER + 1,
    -0,
    "",
    " ",
    "0x10",
    "1e3",
    "\u0000",
    "a\u0000b",
    "\n\r\t\u001B[2J",
    "\uD800",
    "😀".repeat(50),
    "../../etc/passwd",
    "%00",
    "${{ 1 }}",
    "$(true)",
    "'; DROP TABLE runs; --",
    "__proto__",
    "constructor",
    "x".repeat(5_000),
    "x".repeat(70_000),
    "(".repeat(3_000),
    "!".repeat(4_000),
    [],
    {},
    [[]],
    [null],
    ["1", "1"],
    { constructor: { x: 1 } },
    { toString: 1 },
    { length: 1 },
    nest(60),
  ),
  fc.string({ unit: "binary", maxLength: 30 }),
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<unknown>,
);

function nest(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n += 1) value = n % 2 === 0 ? [value] : { a: value };
  return value;
}

/** A value with one place of it changed: a key left out, one more, or another value there. */
export function mutationOf(value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  return fc
    .tuple(
      value,
      fc.nat(),
      fc.constantFrom("replace", "remove", "add", "wrap"),
      hostileValue,
      fc.string({ maxLength: 8 }),
    )
    .map(([whole, place, kind, hostile, key]) => {
      const places = listPlaces(whole);
      const path = places[place % places.length] ?? [];
      return changeAt(whole, path, (old) => {
        if (kind === "wrap") return [old];
        if (kind === "add" && isObject(old)) return { ...old, [key]: hostile };
        return kind === "remove" ? undefined : hostile;
      });
    });
}

type Place = readonly (string | number)[];

function listPlaces(value: unknown, at: Place = []): Place[] {
  const children: (readonly [string | number, unknown])[] = Array.isArray(value)
    ? [...value.entries()].slice(0, 5)
    : isObject(value)
      ? Object.entries(value)
      : [];
  return [at, ...children.flatMap(([key, child]) => listPlaces(child, [...at, key]))];
}

function changeAt(value: unknown, [key, ...rest]: Place, change: (old: unknown) => unknown): unknown {
  if (key === undefined) return change(value);
  if (Array.isArray(value)) {
    return value.map((each: unknown, n) => (n === key ? (changeAt(each, rest, change) ?? null) : each));
  }
  if (!isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, child]) => {
      const next = name === key ? changeAt(child, rest, change) : child;
      return next === undefined ? [] : [[name, next]];
    }),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
