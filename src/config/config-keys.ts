import * as z from "zod";
import { Config } from "./schema.ts";
import { docsOf, type KeyDocs } from "./schema-values.ts";

/** One key of the configuration that holds a value; maps of keys are not listed themselves. */
export interface ConfigKey {
  /** From the root; `*` stands for a name that the user chooses. */
  readonly path: readonly string[];
  /** The path with dots: `limits.retry.attempts`. */
  readonly name: string;
  /** The environment variable that sets it; null for `version`, which belongs to each file. */
  readonly variable: string | null;
  /** How a text of the environment or of `--set` becomes a value. */
  readonly form: "text" | "number" | "boolean" | "list";
  /** The type for readers: `duration`, `integer`, `production or development`. */
  readonly type: string;
  /** The default as one would write it, if there is one. */
  readonly fallback: unknown;
  readonly required: boolean;
  readonly docs: KeyDocs;
}

/** Every key of the schema, in its order. */
export function listConfigKeys(): ConfigKey[] {
  return collectKeys(Config, []);
}

/** Whether a key holds a secret. */
export function isSecretKey(key: ConfigKey): boolean {
  return key.docs.text === "secret";
}

/** Whether a path is at, above or below a secret. */
export function isSecretPath(path: readonly string[], keys: readonly ConfigKey[]): boolean {
  return keys.some((key) => {
    const length = Math.min(path.length, key.path.length);
    return isSecretKey(key) && key.path.slice(0, length).every((part, index) => part === "*" || part === path[index]);
  });
}

/**
 * The environment variable of a path: `__` between the parts, words in capitals; a name that the user chose stays.
 *
 * @example
 * variableOf(["limits", "maxConcurrentWorkflows"]); // "MAHAVISHNU_LIMITS__MAX_CONCURRENT_WORKFLOWS"
 */
export function variableOf(path: readonly string[]): string {
  const parts = path.map((part) => part.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, "_").toUpperCase());
  return `MAHAVISHNU_${parts.join("__")}`;
}

/** The paths that a key has in a tree: itself, or one for each name under its `*`. */
export function expandPath(
  path: readonly string[],
  namesAt: (parent: readonly string[]) => readonly string[],
): string[][] {
  let paths: string[][] = [[]];
  for (const part of path) {
    paths = paths.flatMap((parent) =>
      part === "*" ? namesAt(parent).map((name) => [...parent, name]) : [[...parent, part]],
    );
  }
  return paths;
}

function collectKeys(schema: z.ZodType, path: readonly string[]): ConfigKey[] {
  const { inner, fallback, required } = unwrap(schema);
  if (inner instanceof z.ZodObject) {
    return Object.entries(inner.shape as Record<string, z.ZodType>).flatMap(([key, child]) =>
      collectKeys(child, [...path, key]),
    );
  }
  if (inner instanceof z.ZodRecord) return collectKeys(inner.valueType as z.ZodType, [...path, "*"]);
  const docs = docsOf(schema);
  const name = path.join(".");
  if (docs === undefined) throw new Error(`the key ${name} has no documentation`);
  const variable = name === "version" ? null : variableOf(path);
  const type = docs.text ?? typeName(inner);
  // A name that the user chooses may be absent, whatever its value's schema says.
  return [
    {
      path,
      name,
      variable,
      form: formOf(inner),
      type: listType(inner, type),
      fallback,
      docs,
      required: required && !path.includes("*"),
    },
  ];
}

interface Unwrapped {
  readonly inner: z.ZodType;
  readonly fallback: unknown;
  readonly required: boolean;
}

/** What is inside defaults, options and transformations. */
function unwrap(schema: z.ZodType): Unwrapped {
  if (schema instanceof z.ZodPrefault) {
    return {
      inner: unwrap(schema.def.innerType as z.ZodType).inner,
      fallback: schema.def.defaultValue,
      required: false,
    };
  }
  if (schema instanceof z.ZodOptional) {
    return { inner: unwrap(schema.def.innerType as z.ZodType).inner, fallback: undefined, required: false };
  }
  if (schema instanceof z.ZodPipe) return unwrap(schema.def.in as z.ZodType);
  return { inner: schema, fallback: undefined, required: true };
}

function formOf(schema: z.ZodType): ConfigKey["form"] {
  if (schema instanceof z.ZodNumber || schema instanceof z.ZodLiteral) return "number";
  if (schema instanceof z.ZodBoolean) return "boolean";
  return schema instanceof z.ZodArray ? "list" : "text";
}

function typeName(schema: z.ZodType): string {
  if (schema instanceof z.ZodEnum) return schema.options.join(" or ");
  if (schema instanceof z.ZodLiteral) return [...schema.values].join(" or ");
  if (schema instanceof z.ZodNumber) return schema.format === "safeint" ? "integer" : "number";
  if (schema instanceof z.ZodBoolean) return "true or false";
  return "text";
}

function listType(schema: z.ZodType, type: string): string {
  if (!(schema instanceof z.ZodArray)) return type;
  return schema.element instanceof z.ZodObject ? "list of maps" : `list of ${type}s`;
}
