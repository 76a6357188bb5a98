import { parseDuration } from "../lib/duration.ts";
import { parseSize } from "../lib/size.ts";
import { explainScope } from "./access-scope.ts";
import { isTree } from "./raw-tree.ts";
import { parseSecretSource } from "./secret-source.ts";
import type { Shape } from "./shape.ts";

/** A value that is not right; a symbol, since `undefined` is what an absent key has. */
export const wrong: unique symbol = Symbol("wrong");

/**
 * Reads a value as the schema would: defaults filled in, durations in milliseconds, sizes in bytes, secrets as their
 * sources. Gives `wrong` for what is not right; what is wrong with it, only the schema says.
 *
 * @example
 * readShape({ kind: "duration", min: 1, max: 10_000 }, "2s"); // 2000
 */
export function readShape(shape: Shape, given: unknown): unknown {
  const value = given === undefined ? shape.fallback : given;
  if (value === undefined) return shape.optional === true ? undefined : wrong;
  if (value === null && shape.nullable === true) return null;
  switch (shape.kind) {
    case "map":
      return readMap(shape.keys, value);
    case "record":
      return readRecord(shape, value);
    case "list":
      return Array.isArray(value) ? allOrWrong(value.map((item: unknown) => readShape(shape.item, item))) : wrong;
    case "duration":
      return typeof value === "string" ? within(shape, parseDuration(value)) : wrong;
    case "size":
      return typeof value === "string" ? within(shape, parseSize(value)) : wrong;
    case "number":
      return readNumber(shape, value);
    case "boolean":
      return typeof value === "boolean" ? value : wrong;
    case "choice":
      return shape.values.some((known) => known === value) ? value : wrong;
    case "text":
    case "path":
      return typeof value === "string" && new RegExp(shape.pattern).test(value) ? value : wrong;
    case "secret":
      return readSecret(value);
    case "scope":
      return typeof value === "string" && explainScope(value) === undefined ? value : wrong;
  }
}

function readMap(keys: Readonly<Record<string, Shape>>, value: unknown): unknown {
  if (!isTree(value) || Object.keys(value).some((key) => !Object.hasOwn(keys, key))) return wrong;
  const read: Record<string, unknown> = {};
  for (const [key, shape] of Object.entries(keys)) {
    const part = readShape(shape, Object.hasOwn(value, key) ? value[key] : undefined);
    if (part === wrong) return wrong;
    if (part !== undefined) read[key] = part;
  }
  return read;
}

function readRecord(shape: Extract<Shape, { kind: "record" }>, value: unknown): unknown {
  // An entry of this name would be lost; whoever reads the file by its schema says where it stands.
  if (!isTree(value) || Object.hasOwn(value, "__proto__")) return wrong;
  const name = new RegExp(shape.name);
  const entries = Object.entries(value).map(([key, part]) => [key, readShape(shape.value, part)] as const);
  return entries.every(([key, part]) => name.test(key) && part !== wrong) ? Object.fromEntries(entries) : wrong;
}

function readNumber({ integer, min, max = Infinity }: Extract<Shape, { kind: "number" }>, value: unknown): unknown {
  if (typeof value !== "number" || !Number.isFinite(value) || value < min || value > max) return wrong;
  return !integer || Number.isSafeInteger(value) ? value : wrong;
}

function readSecret(value: unknown): unknown {
  const source = typeof value === "string" ? parseSecretSource(value) : { problem: "no text" };
  return "problem" in source ? wrong : source;
}

function within({ min, max }: { readonly min: number; readonly max: number }, value: number | undefined): unknown {
  return value !== undefined && value >= min && value <= max ? value : wrong;
}

function allOrWrong(items: readonly unknown[]): unknown {
  return items.includes(wrong) ? wrong : items;
}
