import {
  type Document,
  isMap,
  isPair,
  isScalar,
  LineCounter,
  type Node,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";
import type * as z from "zod";
import { type Diagnostic, diagnosticAt } from "./diagnostics.ts";
import { UserFileError } from "./errors.ts";
import { explainIssues, type NotBuilt, type ValuePath } from "./explain-issues.ts";

export type { NotBuilt, ValuePath } from "./explain-issues.ts";

/** Characters of a text, from `start` up to but not including `end`. */
interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** A parsed YAML file that still knows where everything stands. */
export interface YamlFile {
  /** The file as it is shown to the user. */
  readonly file: string;
  readonly text: string;
  readonly document: Document.Parsed;
  /** The plain value of the whole document. */
  readonly value: unknown;
}

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
    // Asked key by key, it compares each with all before it: minutes for a text of a megabyte. See `findDoubleKeys`.
    uniqueKeys: false,
    // A list or map as a key has no path; it is refused where it stands.
    stringKeys: true,
  });
  const problems = [...document.errors, ...document.warnings];
  const overflow = problems.find(isOverflow);
  if (overflow !== undefined) {
    const [start, end] = overflow.pos;
    throw new UserFileError([diagnosticAt(file, text, { start, end }, "the lists and maps nest too deeply here")]);
  }
  const found = problems
    .map(({ code, message, pos: [start, end] }) => ({ code, message, range: { start, end } }))
    .concat(findDoubleKeys(document).map((range) => ({ code: "DUPLICATE_KEY", message: "", range })))
    .toSorted((a, b) => a.range.start - b.range.start)
    .slice(0, mostProblems);
  if (found.length > 0) {
    throw new UserFileError(found.map(({ code, message, range }) => diagnoseSyntax(file, text, code, message, range)));
  }
  let value: unknown;
  let anchors = 0;
  try {
    // Aliases that multiply ("billion laughs") end here, not in memory.
    value = document.toJS({ maxAliasCount: 100, onAnchor: () => (anchors += 1) });
  } catch (error) {
    const range = findLostAlias(document) ?? { start: 0, end: 1 };
    throw new UserFileError([diagnosticAt(file, text, range, aliasMessage(error as Error))]);
  }
  // Whoever walks over a value that holds itself never comes to an end.
  const circle = anchors === 0 ? undefined : findCircularAlias(document);
  if (circle !== undefined) {
    const hint = "write out what is meant";
    throw new UserFileError([diagnosticAt(file, text, circle, "this alias stands inside what it stands for", hint)]);
  }
  return { file, text, document, value };
}

/** Nobody reads more of them, and each costs a look at the whole text. */
const mostProblems = 100;

/** Keys that stand in the same map before. */
function findDoubleKeys(document: Document.Parsed): TextRange[] {
  const found: TextRange[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found.push(rangeOfNode(key));
        seen.add(key.value);
      }
    },
  });
  return found;
}

/** The first alias inside the list or map that carries its anchor. */
function findCircularAlias(document: Document.Parsed): TextRange | undefined {
  const anchors = new Map<string, Node>();
  let range: TextRange | undefined;
  visit(document, {
    Value: (_, node) => {
      if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
    Alias: (_, alias, path) => {
      const target = anchors.get(alias.source);
      if (target === undefined || !path.includes(target)) return undefined;
      range = rangeOfNode(alias);
      return visit.BREAK;
    },
  });
  return range;
}

/** The parser calls itself for each level, and where it runs out of stack its words say nothing to the user. */
function isOverflow({ code, message }: YAMLError): boolean {
  return code === "RESOURCE_EXHAUSTION" || /call stack|stack overflow/i.test(message);
}

/** The first alias whose anchor does not stand before it: the parser finds out without a place. */
function findLostAlias(document: Document.Parsed): TextRange | undefined {
  const anchors = new Set<string>();
  let range: TextRange | undefined;
  visit(document, {
    Value: (_, { anchor }) => {
      if (anchor !== undefined) anchors.add(anchor);
    },
    Alias: (_, alias) => {
      if (anchors.has(alias.source)) return undefined;
      range = rangeOfNode(alias);
      return visit.BREAK;
    },
  });
  return range;
}

function rangeOfNode({ range }: Node): TextRange {
  return range ? { start: range[0], end: range[1] } : { start: 0, end: 1 };
}

function aliasMessage(error: Error): string {
  // The parser's words quote the alias, which may be a secret that begins with an asterisk.
  if (error instanceof ReferenceError && error.message.startsWith("Unresolved alias"))
    return "this alias has no anchor before it; a text that begins with * needs quotes";
  if (error.message.startsWith("Excessive alias count"))
    return "the aliases of this file stand for far more values than it holds; write them out, or use fewer";
  return error.message;
}

function diagnoseSyntax(
  file: string,
  text: string,
  code: string,
  message: string,
  { start, end }: TextRange,
): Diagnostic {
  if (code === "DUPLICATE_KEY") {
    const word = /^[\w.-]*/.exec(text.slice(start, start + 100))?.[0].length ?? 1;
    return diagnosticAt(file, text, { start, end: start + word }, "this key stands twice in the same map");
  }
  const own = syntaxMessages[code];
  return diagnosticAt(file, text, { start, end }, own?.message ?? message, own?.hint);
}

/** Our words where the parser's speak of the parser. */
const syntaxMessages: Readonly<Record<string, { readonly message: string; readonly hint?: string }>> = {
  MULTIPLE_DOCS: { message: "a second document begins here, and a file holds one", hint: "take the line --- out" },
  NON_STRING_KEY: { message: "a key must be a plain text, not a list or a map" },
  TAB_AS_INDENT: { message: "a tab cannot indent YAML", hint: "use spaces" },
};

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
  // Where the content begins, not at a comment above it.
  const start = yaml.document.contents?.range?.[0] ?? 0;
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
  return explainIssues({ value: yaml.value, schema, notBuilt }, issues)
    .slice(0, mostProblems)
    .map(({ path, at, message, hint }) => diagnose(yaml, path, at, message, hint))
    .toSorted((a, b) => a.line - b.line || a.column - b.column);
}
