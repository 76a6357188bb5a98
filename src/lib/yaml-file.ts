import { type Document, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type * as z from "zod";
import { type Diagnostic, diagnosticAt } from "./diagnostics.ts";
import { UserFileError } from "./errors.ts";
import { didYouMean } from "./suggest.ts";

/** Keys and list indexes from the root of a document down to a value. */
export type ValuePath = readonly (string | number)[];

/** A parsed YAML file that still knows where everything stands. */
export interface YamlFile {
  /** The file as it is shown to the user. */
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** The plain value of the whole document. */
  readonly value: unknown;
}

/** Keys that a later version will know, each with the sentence that refuses it; `*` stands for any one key or index. */
export type NotBuilt = Readonly<Record<string, string>>;

/**
 * Parses YAML 1.2 core. Syntax errors, duplicate keys and an empty file are a `UserFileError` with their places.
 *
 * @example
 * parseYamlFile("repos.yaml", "version: 1\n").value; // { version: 1 }
 */
export function parseYamlFile(file: string, text: string): YamlFile {
  const document = parseDocument(text, {
    version: "1.2",
    schema: "core",
    lineCounter: new LineCounter(),
    prettyErrors: false,
  });
  const problems = [...document.errors, ...document.warnings];
  if (problems.length > 0) {
    throw new UserFileError(
      problems.map((problem) =>
        diagnosticAt(
          file,
          text,
          { start: problem.pos[0], end: problem.pos[1] },
          yamlMessage(problem.code, problem.message),
        ),
      ),
    );
  }
  let value: unknown;
  try {
    // Aliases that multiply ("billion laughs") end here, not in memory.
    value = document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new UserFileError([diagnosticAt(file, text, { start: 0, end: 1 }, (error as Error).message)]);
  }
  return { file, text, document, value };
}

function yamlMessage(code: string, message: string): string {
  return code === "DUPLICATE_KEY" ? "this key stands twice in the same map" : message;
}

/** A diagnostic at the key or at the value of a path; a missing value is shown at the nearest parent that exists. */
export function diagnose(
  yaml: YamlFile,
  path: ValuePath,
  at: "key" | "value",
  message: string,
  hint?: string,
): Diagnostic {
  return diagnosticAt(yaml.file, yaml.text, rangeOf(yaml, path, at), message, hint);
}

/** The character range of a path's key or value. */
export function rangeOf(yaml: YamlFile, path: ValuePath, at: "key" | "value"): { start: number; end: number } {
  for (let length = path.length; length > 0; length -= 1) {
    const part = path.slice(0, length);
    const missing = length < path.length;
    const range = nodeRange(yaml, part, missing ? "key" : at);
    if (range !== undefined) return range;
  }
  const start = Math.max(0, yaml.text.search(/[^\s#]/));
  return { start, end: start + 1 };
}

function nodeRange(yaml: YamlFile, path: ValuePath, at: "key" | "value"): { start: number; end: number } | undefined {
  const parent = path.length === 1 ? yaml.document.contents : yaml.document.getIn(path.slice(0, -1), true);
  const last = path.at(-1);
  if (at === "key" && isMap(parent)) {
    const pair = parent.items.find(
      (item) => isPair(item) && isScalar(item.key) && String(item.key.value) === String(last),
    );
    const range = (pair?.key as Node | undefined)?.range;
    if (range) return { start: range[0], end: range[1] };
  }
  const node = yaml.document.getIn(path, true) as Node | undefined;
  if (!node?.range) return undefined;
  const { text } = yaml;
  // A collection is shown by its first line: a caret under a whole block says nothing.
  const end = isScalar(node) ? node.range[1] : Math.min(node.range[1], lineEnd(text, node.range[0]));
  return { start: node.range[0], end: Math.max(node.range[0] + 1, end) };
}

function lineEnd(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

/**
 * Checks a parsed file against a zod schema (objects in it must be strict) and returns the parsed value.
 *
 * @throws UserFileError with one diagnostic for each wrong place: unknown keys with "did you mean", wrong types and
 * enums, and keys that are planned but not built, each with its own sentence.
 */
export function validateYaml<Schema extends z.ZodType>(
  yaml: YamlFile,
  schema: Schema,
  notBuilt: NotBuilt = {},
): z.output<Schema> {
  const result = schema.safeParse(yaml.value);
  if (result.success) return result.data;
  throw new UserFileError(diagnoseIssues(yaml, schema, result.error.issues, notBuilt));
}

/** Turns zod's issues into diagnostics at their places in the file. */
export function diagnoseIssues(
  yaml: YamlFile,
  schema: z.ZodType,
  issues: readonly z.core.$ZodIssue[],
  notBuilt: NotBuilt = {},
): Diagnostic[] {
  return issues.flatMap((issue) => {
    const path = issue.path.filter((part): part is string | number => typeof part !== "symbol");
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => {
        const keyPath = [...path, key];
        const planned = plannedSentence(keyPath, notBuilt);
        if (planned !== undefined) return diagnose(yaml, keyPath, "key", `"${key}" is not built yet`, planned);
        return diagnose(yaml, keyPath, "key", `unknown key "${key}"`, didYouMean(key, keysAt(schema, path)));
      });
    }
    if (issue.code === "invalid_union") {
      // The branch that got deepest into the value is the one the user meant.
      const branches = issue.errors.map((branch) =>
        branch.map((inner) => ({ ...inner, path: [...issue.path, ...inner.path] })),
      );
      const depth = (branch: readonly z.core.$ZodIssue[]): number =>
        Math.max(0, ...branch.map((inner) => inner.path.length));
      const best = branches
        .filter((branch) => depth(branch) > issue.path.length)
        .toSorted((a, b) => depth(b) - depth(a))[0];
      if (best !== undefined) return diagnoseIssues(yaml, schema, best, notBuilt);
      return [diagnose(yaml, path, "value", issue.message)];
    }
    if (issue.code === "invalid_value") {
      const values = issue.values.map(String);
      const got = valueAt(yaml.value, path);
      const message =
        got === undefined
          ? `"${String(path.at(-1))}" is missing`
          : `${JSON.stringify(got)} is not one of ${values.join(", ")}`;
      return [diagnose(yaml, path, "value", message, typeof got === "string" ? didYouMean(got, values) : undefined)];
    }
    if (issue.code === "invalid_type" && valueAt(yaml.value, path) === undefined) {
      return [diagnose(yaml, path, "key", `"${path.join(".")}" is required here`)];
    }
    return [diagnose(yaml, path, "value", issue.message)];
  });
}

function plannedSentence(path: ValuePath, notBuilt: NotBuilt): string | undefined {
  for (const [pattern, sentence] of Object.entries(notBuilt)) {
    const parts = pattern.split(".");
    if (parts.length === path.length && parts.every((part, index) => part === "*" || part === String(path[index])))
      return sentence;
  }
  return undefined;
}

function valueAt(value: unknown, path: ValuePath): unknown {
  let at = value;
  for (const part of path)
    at = typeof at === "object" && at !== null ? (at as Record<string | number, unknown>)[part] : undefined;
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
