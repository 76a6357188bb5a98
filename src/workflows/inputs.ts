import { type Diagnostic, diagnosticAt } from "../lib/diagnostics.ts";
import { UserFileError } from "../lib/errors.ts";
import type { Json } from "../lib/json.ts";
import { didYouMean } from "../lib/suggest.ts";
import { checkJson, foreignSchemaMs } from "./check-json.ts";
import type { InputSchema, Workflow } from "./types.ts";

/** Inputs as somebody gave them: texts of a command line, or JSON of a program. */
export type GivenInputs = Readonly<Record<string, Json>>;

/**
 * The inputs of a run: what was given, read by the type of each input, and defaults for the rest, checked against the schemas.
 *
 * @throws UserFileError INPUT_INVALID with every unknown, missing and wrong input, shown as `--input`.
 * @example
 * resolveInputs(workflow, { major: "26" }); // { major: 26, draft: true }
 */
export function resolveInputs(
  workflow: Pick<Workflow, "name" | "inputs">,
  given: GivenInputs,
): Readonly<Record<string, Json>> {
  const names = Object.keys(workflow.inputs);
  const problems: Diagnostic[] = [];
  for (const [name, value] of Object.entries(given)) {
    if (Object.hasOwn(workflow.inputs, name)) continue;
    const hint = names.length === 0 ? `${workflow.name} takes no inputs` : didYouMean(name, names);
    problems.push(diagnoseInput(name, value, "key", `unknown input "${name}"`, hint));
  }
  const values: [string, Json][] = [];
  for (const [name, schema] of Object.entries(workflow.inputs)) {
    if (!Object.hasOwn(given, name)) {
      if (schema["default"] === undefined) problems.push(missing(name, schema));
      continue;
    }
    const value = given[name] ?? null;
    const read = typeof value === "string" ? readText(value, schema) : { value };
    if (typeof read === "string") problems.push(diagnoseInput(name, value, "value", read));
    else values.push([name, read.value]);
  }
  const check =
    names.length === 0
      ? ({ ok: true, value: {} } as const)
      : checkJson(schemaOf(workflow.inputs), Object.fromEntries(values), { mostMs: foreignSchemaMs });
  if (!check.ok) {
    for (const { path, message, hint } of check.problems) {
      const [name = "", ...rest] = path;
      const inside = rest.length === 0 ? "" : ` (at ${rest.join(".")})`;
      problems.push(diagnoseInput(String(name), given[name] ?? null, "value", `${message}${inside}`, hint));
    }
  }
  if (problems.length > 0 || !check.ok)
    throw new UserFileError(problems, "INPUT_INVALID", { fix: adviseInputs(workflow.name) });
  return check.value as Readonly<Record<string, Json>>;
}

function schemaOf(inputs: Readonly<Record<string, InputSchema>>): InputSchema {
  return { type: "object", properties: inputs };
}

function adviseInputs(workflow: string): string {
  return `\`mahavishnu workflows show ${workflow}\` lists the inputs of this workflow.`;
}

function missing(name: string, schema: InputSchema): Diagnostic {
  const what = typeof schema["description"] === "string" ? `: ${schema["description"]}` : "";
  const type = typeof schema["type"] === "string" ? schema["type"] : "value";
  const hint = `give it: --input ${name}=${type.toUpperCase()}`;
  return { file: "--input", line: 1, column: 1, length: 1, message: `input "${name}" is required${what}`, hint };
}

/** Reads a text by the type of its input; gives a message when it cannot be read. */
function readText(text: string, schema: InputSchema): { readonly value: Json } | string {
  const members = schema["enum"];
  if (Array.isArray(members)) {
    const member = members.find((candidate) => String(candidate) === text) as Json | undefined;
    return member === undefined ? `"${text}" is not one of ${members.join(", ")}` : { value: member };
  }
  switch (schema["type"]) {
    case "integer":
      return readNumber(text, /^[+-]?\d+$/, "a whole number");
    case "number":
      return readNumber(text, /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/, "a number");
    case "boolean":
      return text === "true" || text === "false" ? { value: text === "true" } : `"${text}" is neither true nor false`;
    case "array":
    case "object":
      return readJson(text, schema["type"] === "array" ? 'a list as JSON: ["a","b"]' : 'a map as JSON: {"a":1}');
    default:
      return { value: text };
  }
}

function readNumber(text: string, form: RegExp, what: string): { readonly value: number } | string {
  const value = Number(text);
  if (!form.test(text) || !Number.isFinite(value)) return `"${text}" is not ${what}`;
  if (Number.isInteger(value) && !Number.isSafeInteger(value)) return `"${text}" is too large to be kept exactly`;
  return { value };
}

function readJson(text: string, what: string): { readonly value: Json } | string {
  try {
    return { value: JSON.parse(text) as Json };
  } catch {
    return `"${text}" is not ${what}`;
  }
}

/** Shows an input as it would be written on a command line. */
function diagnoseInput(name: string, given: Json, at: "key" | "value", message: string, hint?: string): Diagnostic {
  const value = (typeof given === "string" ? given : JSON.stringify(given)).replaceAll(/\s/g, " ");
  const text = `${name}=${value}`;
  const range = at === "key" ? { start: 0, end: name.length } : { start: name.length + 1, end: text.length };
  return diagnosticAt("--input", text, range, message, hint);
}
