import { isJsonObject } from "../lib/json.ts";
import { contextNames, contextProperties, lazyValues } from "./contexts.ts";
import { functionNames, notBuiltFunctions, statusFunctions } from "./expression-functions.ts";
import { makeWorkflowJsonSchema } from "./json-schema.ts";
import { places } from "./list-texts.ts";
import { notBuiltKeys } from "./not-built.ts";

/** The page docs/reference/workflows.md: every key of a workflow's file, the contexts, the functions, what is refused. */
export function renderWorkflowReference(): string {
  const schema = makeWorkflowJsonSchema();
  const job = at(schema, "jobs", "*");
  const tables: readonly (readonly [string, string, Schema])[] = [
    ["The file", "", schema],
    ["`on`", "on.", at(schema, "on")],
    ["`inputs.NAME`", "inputs.NAME.", at(schema, "inputs", "*")],
    ["`jobs.NAME`", "jobs.NAME.", job],
    ["`jobs.NAME.sweep`", "sweep.", at(job, "sweep")],
    ["`jobs.NAME.sweep.onFailure`", "onFailure.", at(job, "sweep", "onFailure")],
    ["Steps: `jobs.NAME.steps[]` and `finally[]`", "", at(job, "steps", "[]")],
    ["`retry` as a map, of jobs and steps", "retry.", at(job, "retry")],
  ];
  return (
    [
      head,
      ...tables.map(([title, prefix, part]) => `## ${title}\n\n${renderKeys(part, prefix)}`),
      renderPlaces(),
      renderContexts(),
      renderFunctions(),
      renderNotBuilt(),
    ].join("\n\n") + "\n"
  );
}

const head = `# Workflows

A workflow is a YAML file in the folder \`workflows\` of the workspace. Its name is what \`name:\` says, whatever the file is
called; two files with one name are an error. Unknown keys are errors. Durations are written \`500ms\`, \`30s\`, \`15m\`, \`2h\`
or \`7d\`. A step has exactly one of \`run\` (a command) and \`uses\` (an action, see [actions](actions.md)).

- An input without a \`default\` must be given.
- A step gives outputs by writing \`name=value\` lines to the file that \`MAHAVISHNU_OUTPUT\` names.
- A rule of \`retry\` without \`when\` tries every failure again. Without any rule, time-outs and failures of the machine or
  the network are tried again as \`limits.retry\` of the configuration says; a command that says no is not.
- Steps under \`finally\` run whatever the outcome. \`success()\`, \`failure()\` and \`cancelled()\` speak of the run there, and a
  condition is read as it stands. The job is called \`finally\`.
- Into a script under \`run\`, only values are pasted that cannot carry shell syntax: numbers, true and false, members of an
  \`enum\` made of letters, digits and \`._:/@+-\`, names of repositories, and texts that the expression itself holds. Anything
  else is refused; give it in \`env\` and write \`"$NAME"\`.
- Expressions are GitHub's: \`\${{ }}\` with its operators, coercions and functions. A text that is one expression keeps the
  type of its value in \`with\`; beside other text it becomes text.`;

type Schema = Readonly<Record<string, unknown>>;

/** Goes down by keys: `*` into the values of a map, `[]` into the items of a list; of alternatives the one with keys. */
function at(schema: Schema, ...path: readonly string[]): Schema {
  let part = schema;
  for (const key of path) {
    const next =
      key === "*" ? part["additionalProperties"] : key === "[]" ? part["items"] : toSchema(part["properties"])[key];
    part = resolveParts(schema, toSchema(next));
  }
  return part;
}

function resolveParts(root: Schema, part: Schema): Schema {
  const reference = part["$ref"];
  if (typeof reference === "string") {
    const name = reference.split("/").at(-1) ?? "";
    return resolveParts(root, toSchema(toSchema(root["$defs"])[name]));
  }
  const map = listOf(part["anyOf"]).find((option) => option["properties"] !== undefined);
  return map === undefined ? part : map;
}

function toSchema(value: unknown): Schema {
  return isJsonObject(value) ? value : {};
}

function listOf(value: unknown): Schema[] {
  return Array.isArray(value) ? value.map(toSchema) : [];
}

function renderKeys(schema: Schema, prefix: string): string {
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const rows = Object.entries(toSchema(schema["properties"])).map(([key, value]) => {
    const part = toSchema(value);
    const preset = part["default"];
    const fallback = required.includes(key)
      ? "required"
      : preset === undefined || isJsonObject(preset)
        ? ""
        : code(show(preset));
    return [code(prefix + key), describeType(part), fallback, show(part["description"] ?? "")];
  });
  return renderTable(["key", "value", "default", "meaning"], rows);
}

function describeType(part: Schema): string {
  const options = listOf(part["anyOf"] ?? part["oneOf"]).filter((option) => option["type"] !== "null");
  if (options.length > 0) return [...new Set(options.map(describeType))].join(" or ");
  if (Array.isArray(part["enum"])) return part["enum"].map((member) => code(show(member))).join(", ");
  if (part["const"] !== undefined) return code(show(part["const"]));
  if (typeof part["pattern"] === "string" && part["pattern"].includes("ms|s|m|h|d")) return "duration";
  if (typeof part["pattern"] === "string" && part["pattern"].includes("%")) return "percentage";
  if (part["type"] === "array") return `list of ${describeType(toSchema(part["items"]))}`;
  const words: Readonly<Record<string, string>> = {
    string: "text",
    integer: "whole number",
    boolean: "true or false",
    object: "map",
  };
  if (typeof part["$ref"] === "string") return "schema";
  if (Array.isArray(part["type"])) return part["type"].map((type) => words[show(type)] ?? show(type)).join(" or ");
  return words[show(part["type"])] ?? show(part["type"] ?? "any value");
}

function renderPlaces(): string {
  const rows = Object.values(places).map(({ label, contexts, checkout }) => [
    label,
    contexts.map(code).join(" "),
    checkout ? "yes" : "no",
  ]);
  return `## Where expressions stand\n\nA job without a sweep and steps under \`finally\` have no \`repo\`. Elsewhere expressions are refused: selectors, names, limits.\n\n${renderTable(["place", "contexts", "`repo.dirty` and `repo.diff`"], rows)}`;
}

function renderContexts(): string {
  const fixed = Object.entries(contextProperties).flatMap(([name, properties]) =>
    Object.entries(properties).map(([key, meaning]) => [code(`${name}.${key}`), meaning]),
  );
  const rows = [
    [code("inputs.NAME"), "an input, with its type"],
    ...fixed,
    [code("steps.ID.outputs.NAME"), "what a step before gave"],
    [code("steps.ID.outcome"), "`success`, `failure`, `cancelled` or `skipped`"],
    [code("steps.ID.conclusion"), "the same after `continueOnError`"],
    [
      code("needs.JOB.outputs.NAME"),
      "of the same repository when both jobs sweep; of the one target when the needed job has no sweep",
    ],
    [code("needs.JOB.result"), "result of that target; of the whole job where there is none"],
    [code("needs.JOB.targets['REPOSITORY'].outputs.NAME"), "of a named repository; `.result` too"],
    [code("env.NAME"), "what repository, job and step set"],
    [code("secrets.NAME"), "a secret of the configuration; given only to the step that names it"],
  ];
  const lazy = Object.values(lazyValues).map(code).join(" and ");
  return `## Contexts\n\n${contextNames.map(code).join(", ")}. Names are compared without regard to case. ${lazy} are computed only when an expression names them.\n\n${renderTable(["name", "value"], rows)}`;
}

function renderFunctions(): string {
  const status = [...statusFunctions.keys()];
  const plain = functionNames.filter((name) => !status.includes(name));
  const refused = [...notBuiltFunctions.keys()].map((name) => code(`${name}()`)).join(", ");
  return `## Functions\n\n${plain.map((name) => code(`${name}()`)).join(", ")}, as GitHub has them. In conditions also ${status.map((name) => code(`${name}()`)).join(", ")}; a condition without one of them is read as \`success() && (…)\`. Refused: ${refused}.`;
}

function renderNotBuilt(): string {
  const list = Object.entries(notBuiltKeys).map(
    ([key, sentence]) => `- ${code(key.replace("*", "NAME").replace(".*", "[]"))}: ${sentence}`,
  );
  return `## Refused in this version\n\nThese are planned. Until they exist they are refused, never ignored:\n\n${list.join("\n")}`;
}

function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`| ${columns.join(" | ")} |`, `|${columns.map(() => "---").join("|")}|`, ...lines].join("\n");
}

/** A value of a schema as the YAML would have it. */
function show(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function code(text: string): string {
  return `\`${text}\``;
}
