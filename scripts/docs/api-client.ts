import { allOperations } from "../../src/server/operations/all-operations.ts";
import type { Operation, Shape } from "../../src/server/operations/operation.ts";
import { schemaOf } from "../../src/server/http/request-validator.ts";

type Schema = Readonly<Record<string, unknown>>;

/** The typed client: a table of how each operation is asked, and the types of what is asked and answered. */
export function makeApiClient(): string {
  const operations = allOperations.toSorted((a, b) => a.id.localeCompare(b.id));
  return [
    "/** Made from the operations of src/server by `npm run docs`; never changed by hand. */",
    "",
    "/** Any value that JSON can hold. */",
    "export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };",
    "",
    "/** What is asked of each operation. */",
    "export interface Inputs {",
    ...operations.map(
      ({ id, summary, input }) => `  /** ${summary}. */\n  readonly ${id}: ${typeOf(schemaOf(input, "input"))};`,
    ),
    "}",
    "",
    "/** What each operation answers; of a stream each event's data, by the event's name. */",
    "export interface Outputs {",
    ...operations.map((operation) => `  readonly ${operation.id}: ${outputTypeOf(operation)};`),
    "}",
    "",
    "/** How each operation is asked. */",
    "export const calls = {",
    ...operations.map((operation) => `  ${operation.id}: ${JSON.stringify(callOf(operation))},`),
    "} as const;",
    "",
  ].join("\n");
}

function callOf({ method, path, parts, events }: Operation): object {
  const keysOf = (shape: Shape | undefined): string[] => {
    if (shape === undefined) return [];
    return "shape" in shape ? Object.keys(shape.shape) : [...new Set(shape.options.flatMap((each) => keysOf(each)))];
  };
  return {
    method,
    path,
    query: keysOf(parts.query),
    body: parts.body === undefined ? null : keysOf(parts.body),
    takesIdempotencyKey: parts.takesIdempotencyKey,
    isStream: events !== null,
  };
}

function outputTypeOf({ events, output }: Operation): string {
  if (events === null) return typeOf(schemaOf(output, "output"));
  const members = Object.entries(events).map(
    ([event, data]) => `readonly ${event}: ${typeOf(schemaOf(data, "output"))}`,
  );
  return `{ ${members.join("; ")} }`;
}

/** The TypeScript type of a JSON Schema, as far as the schemas of this product go. */
function typeOf(schema: Schema): string {
  const { type, properties, required = [], items, additionalProperties } = schema;
  const any = schema["anyOf"] ?? schema["oneOf"];
  if (schema["$ref"] !== undefined || Object.keys(schema).length === 0) return "Json";
  if (schema["const"] !== undefined) return JSON.stringify(schema["const"]);
  if (Array.isArray(schema["enum"])) return schema["enum"].map((value) => JSON.stringify(value)).join(" | ");
  if (Array.isArray(any)) {
    const members = [...new Set(any.map((member) => typeOf(member as Schema)))];
    return members.includes("Json") ? "Json" : members.join(" | ");
  }
  if (Array.isArray(type)) return type.map((each) => typeOf({ ...schema, type: each as unknown })).join(" | ");
  switch (type) {
    case "string":
      return "string";
    case "integer":
    case "number":
      return "number";
    case "boolean":
      return "boolean";
    case "null":
      return "null";
    case "array":
      return `readonly (${typeOf((items ?? {}) as Schema)})[]`;
    case "object": {
      const keys = Object.entries((properties ?? {}) as Readonly<Record<string, Schema>>).map(([key, child]) => {
        const isNeeded = (required as readonly string[]).includes(key);
        const name = /^[A-Za-z_$][\w$]*$/.test(key) ? key : JSON.stringify(key);
        return `readonly ${name}${isNeeded ? "" : "?"}: ${typeOf(child)}${isNeeded ? "" : " | undefined"}`;
      });
      const open = typeof additionalProperties === "object" && additionalProperties !== null;
      const rest = open ? typeOf(additionalProperties as Schema) : additionalProperties === false ? null : "unknown";
      if (rest === null || (rest === "unknown" && keys.length === 0 && additionalProperties === false)) {
        return keys.length === 0 ? "Readonly<Record<string, never>>" : `{ ${keys.join("; ")} }`;
      }
      const index = `readonly [key: string]: ${keys.length === 0 ? rest : "unknown"}`;
      return `{ ${[...keys, index].join("; ")} }`;
    }
    default:
      throw new Error(`no type for the schema ${JSON.stringify(schema).slice(0, 200)}`);
  }
}
