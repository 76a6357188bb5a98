import type * as z from "zod";
import { didYouMean, nearest } from "./suggest.ts";

/** Keys and list indexes from the root of a document down to a value. */
export type ValuePath = readonly (string | number)[];

/**
 * Keys and values that a later version will know, each with the sentence that refuses it.
 * `*` stands for any one key or index; `engine=temporal` refuses one value of a key.
 */
export type NotBuilt = Readonly<Record<string, string>>;

/** What is wrong with a value, in plain words and without a place in a file. */
export interface Explanation {
  readonly kind: "unknownKey" | "notBuilt" | "missing" | "value";
  readonly path: ValuePath;
  /** Whether the name of the key is wrong or the value. */
  readonly at: "key" | "value";
  readonly message: string;
  /** What to write instead. */
  readonly hint?: string;
}

/** What zod's issues are about: the value that was checked and the schema that refused it. */
export interface Checked {
  readonly value: unknown;
  readonly schema: z.ZodType;
  readonly notBuilt?: NotBuilt;
}

/**
 * Says in plain words what zod's issues mean: unknown keys with "did you mean", keys that are planned but not built,
 * wrong types, values and bounds. One issue may give several explanations.
 */
export function explainIssues(checked: Checked, issues: readonly z.core.$ZodIssue[]): Explanation[] {
  return issues.flatMap((issue) => explainIssue(checked, issue));
}

function explainIssue(checked: Checked, issue: z.core.$ZodIssue): Explanation[] {
  const path = issue.path.filter((part): part is string | number => typeof part !== "symbol");
  if (issue.code === "unrecognized_keys") return issue.keys.map((key) => explainUnknownKey(checked, path, key));
  if (issue.code === "invalid_key")
    return [{ kind: "value", path, at: "key", message: issue.issues[0]?.message ?? issue.message }];
  if (issue.code === "invalid_union") return explainUnion(checked, issue, path);
  if (issue.code === "invalid_value") return [explainWrongValue(checked, issue, path)];
  return [explainBadValue(checked, issue, path)];
}

function explainUnknownKey(checked: Checked, parent: ValuePath, key: string): Explanation {
  const path = [...parent, key];
  const planned = plannedSentence(path, checked.notBuilt);
  if (planned !== undefined)
    return { kind: "notBuilt", path, at: "key", message: `"${key}" is not built yet`, hint: planned };
  return {
    kind: "unknownKey",
    path,
    at: "key",
    message: `unknown key "${key}"`,
    hint: didYouMean(key, keysAt(checked.schema, parent)),
  };
}

function explainUnion(checked: Checked, issue: z.core.$ZodIssueInvalidUnion, path: ValuePath): Explanation[] {
  // The branch that got deepest into the value is the one the user meant.
  const branches = issue.errors.map((branch) =>
    branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
  );
  const atRoot = (inner: z.core.$ZodIssue): boolean => inner.path.length === issue.path.length;
  const [rightType, ...others] = branches.filter(
    (branch) => !branch.some((inner) => atRoot(inner) && inner.code === "invalid_type"),
  );
  // Only one branch is of the value's type, such as the map of "a number or a map".
  if (rightType !== undefined && others.length === 0) return explainIssues(checked, rightType);
  const values = branches.flatMap((branch) =>
    branch.flatMap((inner) => (inner.code === "invalid_value" ? inner.values : [])),
  );
  if (branches.every((branch) => branch.every((inner) => atRoot(inner) && inner.code === "invalid_value"))) {
    return [explainWrongValue(checked, { ...issue, code: "invalid_value", values }, path)];
  }
  const depth = (branch: readonly z.core.$ZodIssue[]): number =>
    Math.max(0, ...branch.map((inner) => inner.path.length));
  const best = branches
    .filter((branch) => depth(branch) > issue.path.length)
    .toSorted((a, b) => depth(b) - depth(a))[0];
  if (best !== undefined) return explainIssues(checked, best);
  return [{ kind: "value", path, at: "value", message: issue.message }];
}

function explainWrongValue(checked: Checked, issue: z.core.$ZodIssueInvalidValue, path: ValuePath): Explanation {
  const values = issue.values.map(String);
  const got = valueAt(checked.value, path);
  if (got === undefined) {
    const example =
      values.length === 1 ? `add \`${String(path.at(-1))}: ${values[0]}\`` : `one of ${values.join(", ")}`;
    return { kind: "missing", path, at: "key", message: `"${path.join(".")}" is required here`, hint: example };
  }
  const planned = plannedSentence(path, checked.notBuilt, got);
  if (planned !== undefined)
    return { kind: "notBuilt", path, at: "value", message: `${showValue(got)} is not built yet`, hint: planned };
  const [only] = issue.values;
  if (issue.values.length === 1 && typeof got === "string" && String(only) === got && only !== got) {
    // `version: "1"`: "1" is not 1 would puzzle whoever reads it.
    const message = `${nameOf(path)} must be ${values[0]} without quotes, ${describe(got)}`;
    return { kind: "value", path, at: "value", message };
  }
  const message =
    values.length === 1
      ? `${nameOf(path)} must be ${values[0]}, not ${showValue(got)}`
      : `${showValue(got)} is not one of ${values.join(", ")}`;
  const near = typeof got === "string" ? nearest(got, values) : undefined;
  if (near === undefined) return { kind: "value", path, at: "value", message };
  return { kind: "value", path, at: "value", message, hint: `did you mean "${near}"?` };
}

function explainBadValue(checked: Checked, issue: z.core.$ZodIssue, path: ValuePath): Explanation {
  const got = valueAt(checked.value, path);
  if (issue.code === "invalid_type" && got === undefined) {
    return { kind: "missing", path, at: "key", message: `"${path.join(".")}" is required here` };
  }
  return { kind: "value", path, at: "value", message: plainMessage(issue, got, path) };
}

/** Zod's own words in plain English; a message that the schema gave stays as it is. */
function plainMessage(issue: z.core.$ZodIssue, got: unknown, path: ValuePath): string {
  const name = nameOf(path);
  if (issue.code === "invalid_type" && issue.message.startsWith("Invalid input: expected")) {
    return `${name} must be ${typeNames[issue.expected] ?? issue.expected}, ${describe(got)}`;
  }
  if (issue.code === "too_small" && issue.message.startsWith("Too small")) {
    if ((issue.origin === "string" || issue.origin === "array") && issue.minimum === 1)
      return `${name} must not be empty`;
    return `${name} must ${issue.inclusive === false ? "be more than" : "be at least"} ${issue.minimum}${unitOf(issue.origin)}`;
  }
  if (issue.code === "too_big" && issue.message.startsWith("Too big")) {
    return `${name} must ${issue.inclusive === false ? "be less than" : "be at most"} ${issue.maximum}${unitOf(issue.origin)}`;
  }
  return issue.message;
}

function nameOf(path: ValuePath): string {
  const last = path.at(-1);
  if (last === undefined) return "the document";
  return typeof last === "number" ? `item ${last + 1}` : `"${last}"`;
}

const typeNames: Readonly<Record<string, string>> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
};

function describe(got: unknown): string {
  if (got === null) return "but it is empty";
  if (Array.isArray(got)) return "not a list";
  if (typeof got === "object") return "not a map";
  if (typeof got === "string") return "not text";
  // JSON has no word for these.
  return `not ${typeof got === "number" && !Number.isFinite(got) ? String(got) : scalarText(got)}`;
}

function unitOf(origin: string): string {
  if (origin === "string") return " characters long";
  return origin === "array" || origin === "set" ? " items long" : "";
}

/** A value for a message: short, on one line. */
function showValue(value: unknown): string {
  if (typeof value === "object" && value !== null) return Array.isArray(value) ? "a list" : "a map";
  if (value === null) return "empty";
  const text = typeof value === "string" ? JSON.stringify(value) : scalarText(value);
  return text.length > 60 ? `${text.slice(0, 57)}…"` : text;
}

function scalarText(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
}

function plannedSentence(path: ValuePath, notBuilt: NotBuilt = {}, value?: unknown): string | undefined {
  for (const [pattern, sentence] of Object.entries(notBuilt)) {
    const [keys = "", wanted] = pattern.split("=", 2);
    if (wanted !== (value === undefined ? undefined : scalarText(value))) continue;
    const parts = keys.split(".");
    if (parts.length === path.length && parts.every((part, index) => part === "*" || part === String(path[index])))
      return sentence;
  }
  return undefined;
}

function valueAt(value: unknown, path: ValuePath): unknown {
  let at = value;
  for (const part of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, part)) return undefined;
    at = (at as Record<string | number, unknown>)[part];
  }
  return at;
}

/** The keys that a schema knows at a path, over all branches of unions. */
function keysAt(schema: z.ZodType, path: ValuePath): string[] {
  const def = (schema as unknown as { def: SchemaDef }).def;
  if (def.innerType !== undefined) return keysAt(def.innerType, path);
  if (def.in !== undefined && def.out !== undefined) return keysAt(def.in, path);
  if (def.getter !== undefined) return keysAt(def.getter(), path);
  if (def.options !== undefined) return [...new Set(def.options.flatMap((option) => keysAt(option, path)))];
  if (path.length === 0) return def.shape === undefined ? [] : Object.keys(def.shape);
  const [head, ...rest] = path;
  if (def.shape !== undefined) {
    const next = def.shape[String(head)];
    return next === undefined ? [] : keysAt(next, rest);
  }
  const inner = def.valueType ?? def.element;
  return inner === undefined ? [] : keysAt(inner, rest);
}

/** The parts of zod's schema definitions that `keysAt` walks. */
interface SchemaDef {
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly out?: z.ZodType;
  readonly getter?: () => z.ZodType;
  readonly options?: readonly z.ZodType[];
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
  readonly element?: z.ZodType;
}
