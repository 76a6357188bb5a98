import { Array as ArrayData } from "@actions/expressions/data/array";
import { BooleanData, type ExpressionData, StringData } from "@actions/expressions/data/index";
import { wellKnownFunctions } from "@actions/expressions/funcs";
import type { FunctionDefinition } from "@actions/expressions/funcs/info";
import type { Status } from "./contexts.ts";
import { DataReader, toJson } from "./expression-data.ts";

/** Characters that a value made by an expression may have. Nested calls could otherwise double a text without end. */
export const maxValueLength = 1024 * 1024;

/** Status functions of a condition by their name in lower case. What they give is decided when they are called. */
export const statusFunctions: ReadonlyMap<string, FunctionDefinition & { readonly test: (status: Status) => boolean }> =
  new Map(
    Object.entries({
      success: (status: Status) => status.success,
      failure: (status: Status) => status.failure,
      cancelled: (status: Status) => status.cancelled,
      always: () => true,
    }).map(([name, test]) => [name, { name, minArgs: 0, maxArgs: 0, call: () => new BooleanData(false), test }]),
  );

/** Functions that GitHub has and this product refuses, with the sentence that refuses them. */
export const notBuiltFunctions: ReadonlyMap<string, string> = new Map([
  ["hashFiles", "Compute the hash in a step and give it as an output."],
]);

/** All functions as users write them. */
export const functionNames: readonly string[] = [
  ..."contains startsWith endsWith format join toJSON fromJSON case".split(" "),
  ...statusFunctions.keys(),
];

/** GitHub's own functions, those that can make large values bounded, by their name in lower case. */
export const expressionFunctions: ReadonlyMap<string, (args: ExpressionData[]) => ExpressionData> = new Map([
  ...Object.entries(wellKnownFunctions).map(
    ([name, { call }]) => [name, (args: ExpressionData[]) => call(...args)] as const,
  ),
  ["format", formatBounded],
  ["join", joinBounded],
  ["tojson", writeJson],
  ["fromjson", readJson],
]);

function formatBounded(args: ExpressionData[]): ExpressionData {
  const [pattern = "", ...values] = args.map((arg) => arg.coerceString());
  let length = pattern.length;
  for (const [, index] of pattern.matchAll(/\{(\d{1,3})/g)) length += values[Number(index)]?.length ?? 0;
  refuseLong(length, "format()");
  return callKnown("format", args);
}

function joinBounded(args: ExpressionData[]): ExpressionData {
  const [list, separator] = args;
  if (list instanceof ArrayData) {
    const gap = separator?.coerceString().length ?? 1;
    refuseLong(
      list.values().reduce((sum, item) => sum + item.coerceString().length + gap, 0),
      "join()",
    );
  }
  return callKnown("join", args);
}

function callKnown(name: "format" | "join", args: ExpressionData[]): ExpressionData {
  const known = wellKnownFunctions[name];
  if (known === undefined) throw new Error(`the expression library has no ${name}()`);
  return known.call(...args);
}

function writeJson([value]: ExpressionData[]): ExpressionData {
  const text = JSON.stringify(value === undefined ? null : toJson(value), null, 2);
  refuseLong(text.length, "toJSON()");
  return new StringData(text);
}

function readJson([value]: ExpressionData[]): ExpressionData {
  const text = value?.coerceString() ?? "";
  if (text.trim() === "") throw new Error("fromJSON() was given an empty text");
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (error) {
    throw new Error(`fromJSON() was given no JSON: ${(error as Error).message}`, { cause: error });
  }
  return new DataReader().read(parsed);
}

function refuseLong(length: number, where: string): void {
  if (length > maxValueLength) throw new Error(`${where} makes a text of more than ${maxValueLength} characters`);
}
