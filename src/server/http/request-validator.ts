import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import * as z from "zod";
import { MahavishnuError } from "../../lib/errors.ts";

/** The parts of a request that are checked. */
export type RequestPart = "params" | "query" | "headers" | "body";

/**
 * The JSON Schema of what may be sent or is answered, as it stands in the OpenAPI document and as requests are checked against it.
 *
 * @param io `input` for what is sent, where defaults may be left out; `output` for what is answered.
 */
export function schemaOf(shape: z.ZodType, io: "input" | "output"): Record<string, unknown> {
  const { $schema: _dialect, $defs: _recursive, ...schema } = z.toJSONSchema(shape, { io, reused: "inline" });
  return openRecursion(schema) as Record<string, unknown>;
}

/** The only shape that contains itself is "any JSON", which the empty schema says as well; a reference would lead out of the document. */
function openRecursion(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(openRecursion);
  if (typeof value !== "object" || value === null) return value;
  if ("$ref" in value) return {};
  return Object.fromEntries(Object.entries(value).map(([key, child]) => [key, openRecursion(child)]));
}

/** Every format that zod writes comes with a pattern that says the same. */
const options = { useDefaults: true, strict: false, validateFormats: false };

/** Checks parts of requests. Texts of paths, queries and headers are read as what their schema says; nothing else is converted. */
export class RequestValidator {
  readonly #ajv = new Ajv2020(options);

  /** Makes the check of one part. It changes what it is given: defaults are filled in, and texts become what they stand for. */
  compile(part: RequestPart, shape: z.ZodType): (value: object) => void {
    const schema = schemaOf(shape, "input");
    const validate: ValidateFunction = this.#ajv.compile(schema);
    const read = part === "body" ? () => undefined : makeReader(schema);
    return (value) => {
      read(value as Record<string, unknown>);
      if (validate(value)) return;
      const [error] = validate.errors ?? [];
      throw new MahavishnuError("USAGE", `${part}${error === undefined ? " is not valid" : describe(error)}`, {
        fix: "See /openapi.json for what may be sent.",
      });
    };
  }
}

/** A schema of things that are sent as texts. */
interface TextsSchema {
  readonly properties?: Readonly<Record<string, { readonly type?: string }>>;
}

/** Whole numbers as JSON writes them: `0x10` and `1e3` are texts. */
const wholeNumber = /^(?:0|-?[1-9]\d{0,15})$/;

/** Makes what reads texts: those that stand for nothing stay texts, which the schema then refuses. */
function makeReader({ properties = {} }: TextsSchema): (value: Record<string, unknown>) => void {
  const readers = Object.entries(properties).flatMap(([key, { type }]) => {
    const read = type === undefined ? undefined : readText[type];
    return read === undefined ? [] : [[key, read] as const];
  });
  return (value) => {
    for (const [key, read] of readers) {
      const text = value[key];
      if (text !== undefined) value[key] = read(text);
    }
  };
}

const readText: Readonly<Record<string, (value: unknown) => unknown>> = {
  array: (value) => (Array.isArray(value) ? (value as readonly unknown[]) : [value]),
  integer: (value) => (typeof value === "string" && wholeNumber.test(value) ? Number(value) : value),
  boolean: (value) => (value === "true" ? true : value === "false" ? false : value),
};

function describe({ instancePath, message, params }: ErrorObject): string {
  const { additionalProperty, allowedValues } = params as { additionalProperty?: string; allowedValues?: unknown[] };
  const extra =
    additionalProperty === undefined
      ? allowedValues === undefined
        ? ""
        : `: ${allowedValues.map(String).join(", ")}`
      : `: ${JSON.stringify(additionalProperty)}`;
  return `${instancePath} ${message ?? "is not valid"}${extra}`;
}
