import { Array as ArrayData } from "@actions/expressions/data/array";
import {
  BooleanData,
  Dictionary,
  type ExpressionData,
  Null,
  NumberData,
  StringData,
} from "@actions/expressions/data/index";
import type { Pair } from "@actions/expressions/data/expressiondata";
import type { Json } from "../lib/json.ts";
import { Secret } from "../lib/secret.ts";

/**
 * Shows values of ours to the expression library. Maps are read lazily; what JSON cannot hold is null. One reader serves one
 * evaluation: within it the same list or map is the same value, which is how GitHub compares them.
 */
export class DataReader {
  #known: Map<object, ExpressionData> | undefined;

  read(value: unknown): ExpressionData {
    switch (typeof value) {
      case "string":
        return new StringData(value);
      case "number":
        return new NumberData(value);
      case "boolean":
        return new BooleanData(value);
      default:
        return typeof value === "object" && value !== null ? this.#readObject(value) : new Null();
    }
  }

  #readObject(value: object): ExpressionData {
    if (value instanceof Secret) return new StringData(value.reveal());
    this.#known ??= new Map();
    const known = this.#known.get(value);
    if (known !== undefined) return known;
    const data = Array.isArray(value) ? new ArrayData() : new LazyDictionary(this, value as Record<string, unknown>);
    this.#known.set(value, data);
    if (data instanceof ArrayData) for (const item of value as unknown[]) data.add(this.read(item));
    return data;
  }
}

/** A map that reads its source only when an expression names a property, so that contexts cost nothing until then. */
class LazyDictionary extends Dictionary {
  readonly #reader: DataReader;
  readonly #source: Readonly<Record<string, unknown>>;

  constructor(reader: DataReader, source: Readonly<Record<string, unknown>>) {
    super();
    this.#reader = reader;
    this.#source = source;
  }

  /** Names are compared as GitHub does, without regard to case; the exact one comes first. */
  override get(key: string): ExpressionData | undefined {
    const source = this.#source;
    if (Object.hasOwn(source, key)) return this.#reader.read(source[key]);
    const lower = key.toLowerCase();
    const found = Object.keys(source).find((name) => name.toLowerCase() === lower);
    return found === undefined ? undefined : this.#reader.read(source[found]);
  }

  override values(): ExpressionData[] {
    return Object.values(this.#source).map((value) => this.#reader.read(value));
  }

  override pairs(): Pair[] {
    return Object.entries(this.#source).map(([key, value]) => ({ key, value: this.#reader.read(value) }));
  }
}

/** The plain value of what an expression gave. Numbers that JSON cannot hold become null, as `JSON.stringify` has it. */
export function toJson(data: ExpressionData): Json {
  if (data instanceof StringData || data instanceof BooleanData) return data.value;
  if (data instanceof NumberData) return Number.isFinite(data.value) ? data.value : null;
  if (data instanceof ArrayData) return data.values().map(toJson);
  if (data instanceof Dictionary) {
    return Object.fromEntries(data.pairs().map(({ key, value }) => [key, toJson(value)] as const));
  }
  return null;
}
