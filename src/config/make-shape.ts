import * as z from "zod";
import { leafShapes } from "./schema-values.ts";
import type { Shape } from "./shape.ts";

/** The shape of a schema, as plain data. */
export function makeShape(schema: z.ZodType): Shape {
  const known = leafShapes.get(schema);
  if (schema instanceof z.ZodPrefault) {
    return { ...makeShape(schema.def.innerType as z.ZodType), fallback: schema.def.defaultValue };
  }
  if (schema instanceof z.ZodNullable) return { ...makeShape(schema.def.innerType as z.ZodType), nullable: true };
  if (schema instanceof z.ZodOptional) return { ...makeShape(schema.def.innerType as z.ZodType), optional: true };
  if (schema instanceof z.ZodObject) {
    const entries = Object.entries<z.ZodType>(schema.shape);
    return { kind: "map", keys: Object.fromEntries(entries.map(([key, child]) => [key, makeShape(child)])) };
  }
  if (schema instanceof z.ZodRecord) {
    const name = makeShape(schema.keyType as z.ZodType);
    if (name.kind !== "text") throw new Error("the names of a record need a pattern");
    return { kind: "record", name: name.pattern, value: makeShape(schema.valueType as z.ZodType) };
  }
  if (schema instanceof z.ZodArray) return { kind: "list", item: makeShape(schema.element as z.ZodType) };
  if (schema instanceof z.ZodEnum) return { kind: "choice", values: schema.options };
  if (schema instanceof z.ZodLiteral) return { kind: "choice", values: [...schema.values] as (string | number)[] };
  if (schema instanceof z.ZodBoolean) return { kind: "boolean" };
  if (known === undefined && schema instanceof z.ZodString) return { kind: "text", pattern: patternOf(schema) };
  if (known === undefined) throw new Error(`a ${schema.type} without a shape: make it with schema-values.ts`);
  return known;
}

/** The one rule of a text that can be told as a pattern. */
function patternOf(schema: z.ZodString): string {
  const [rule, more] = schema.def.checks ?? [];
  if (rule === undefined) return "";
  const def = rule._zod.def as { readonly pattern?: RegExp; readonly check: string; readonly minimum?: number };
  if (more === undefined && def.pattern?.flags === "") return def.pattern.source;
  if (more === undefined && def.check === "min_length" && def.minimum === 1) return "[^]";
  throw new Error("a text with other rules than one pattern or min(1): register its shape in leafShapes");
}

/** What is inside defaults and options. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unwrap(schema.def.innerType as z.ZodType);
  return schema;
}
