import { isJsonObject } from "../lib/json.ts";
import { builtinActions } from "./builtin-actions.ts";
import type { BuiltinAction } from "./define-action.ts";

/** The page docs/reference/actions.md: every built-in action with its input and outputs. */
export function renderActionReference(): string {
  return `${head}\n${[...builtinActions.values()].map(renderAction).join("\n")}`;
}

const head = `# Actions

What a step may \`uses:\`. Input stands under \`with\`, and its texts may hold expressions; outputs are named as
\`steps.ID.outputs.NAME\`. See [workflows](workflows.md).
`;

function renderAction(action: BuiltinAction): string {
  const schema = action.inputSchema;
  const required = Array.isArray(schema["required"]) ? schema["required"] : [];
  const inputs = Object.entries(isJsonObject(schema["properties"]) ? schema["properties"] : {}).map(([name, value]) => {
    const part = isJsonObject(value) ? value : {};
    const preset = part["default"];
    const fallback = required.includes(name) ? "required" : preset === undefined ? "" : code(show(preset));
    return [code(name), describeType(part), fallback, show(part["description"] ?? "")];
  });
  const outputs = Object.entries(action.outputs).map(([name, meaning]) => [code(name), meaning]);
  const place = action.needsRepository ? "\n\nOnly in a job with a `sweep`: it works on a repository." : "";
  return `## \`${action.name}\`

${action.description}${place}

${renderTable(["input", "value", "default", "meaning"], inputs)}

${renderTable(["output", "meaning"], outputs)}
`;
}

const words: Readonly<Record<string, string>> = {
  string: "text",
  integer: "whole number",
  boolean: "true or false",
  object: "map",
};

function describeType(part: Readonly<Record<string, unknown>>): string {
  const options = part["anyOf"];
  if (Array.isArray(options))
    return options.map((option) => describeType(isJsonObject(option) ? option : {})).join(" or ");
  if (Array.isArray(part["enum"])) return part["enum"].map((member) => code(show(member))).join(", ");
  if (part["type"] === "array") return `list of ${describeType(isJsonObject(part["items"]) ? part["items"] : {})}`;
  return words[show(part["type"])] ?? show(part["type"] ?? "any value");
}

function renderTable(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows.map((cells) => `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`);
  return [`| ${columns.join(" | ")} |`, `|${columns.map(() => "---").join("|")}|`, ...lines].join("\n");
}

function show(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value) ?? "");
}

function code(text: string): string {
  return `\`${text}\``;
}
