import * as z from "zod";
import { type ConfigKey, listConfigKeys } from "./config-keys.ts";
import { reservedVariables } from "./environment-layer.ts";
import { unwrap } from "./make-shape.ts";
import { notBuiltConfig } from "./not-built.ts";
import { Config } from "./schema.ts";
import { docsOf, type KeyDocs } from "./schema-values.ts";
import type { Shape } from "./shape.ts";

/** The page docs/reference/configuration.md: every key with its type, default, variable and meaning. */
export function renderConfigReference(): string {
  const keys = listConfigKeys();
  const groups = Map.groupBy(keys, ({ path }) => (path.length === 1 ? "" : (path[0] ?? "")));
  const tables = [...groups].map(
    ([group, members]) => `## ${group === "" ? "Top level" : `\`${group}\``}\n\n${renderTable(members)}`,
  );
  return `${introduction}\n${tables.join("\n\n")}\n\n${renderReserved()}\n\n${renderNotBuilt()}\n`;
}

const introduction = `# Configuration

The keys of \`mahavishnu.yaml\`. Layers, low to high: defaults, \`mahavishnu.yaml\`, \`mahavishnu.local.yaml\`, the
environment, \`--set KEY=VALUE\`. Maps are merged key by key; a list is replaced whole. \`mahavishnu config show --origin\`
prints each value with the place it comes from.

- Durations are written \`500ms\`, \`30s\`, \`15m\`, \`2h\` or \`7d\`, sizes \`512B\`, \`64KiB\`, \`10MiB\` or \`2GiB\`. A bare number is refused.
- A secret is a reference: \`\${env:NAME}\` or \`\${file:PATH}\`. One newline at the end of the file is dropped. Plain text
  loads, and is a finding of the readiness suite.
- Relative paths start at the workspace; \`~\` is the home folder.
- Lists and maps by name are given as YAML in a variable or flag: \`--set 'paths.allowedRoots=[/srv/fleet]'\`.
- With \`--config other.yaml\`, the local layer is \`other.local.yaml\` beside it.
`;

function renderTable(keys: readonly ConfigKey[]): string {
  const rows = keys.map((key) => {
    const { description, guide } = docsAt(Config, key.path);
    const meaning = guide === undefined ? description : `${description} Guide: ${guide}.`;
    const variable = key.variable === null ? "" : code(key.variable.replace("*", "NAME"));
    const cells = [
      code(key.name.replace("*", "NAME")),
      typeName(key.shape),
      renderDefault(key.shape),
      variable,
      meaning,
    ];
    return `| ${cells.map(escapeCell).join(" | ")} |`;
  });
  return ["| key | type | default | variable | meaning |", "|---|---|---|---|---|", ...rows].join("\n");
}

/** The documentation of a key. Every key has some: the page must not be silent about one. */
function docsAt(schema: z.ZodType, path: readonly string[]): KeyDocs {
  const [head, ...rest] = path;
  const inner = unwrap(schema);
  if (head === undefined) {
    const docs = docsOf(schema);
    if (docs === undefined) throw new Error("a key of the configuration has no documentation");
    return docs;
  }
  if (inner instanceof z.ZodRecord) return docsAt(inner.valueType as z.ZodType, rest);
  const child = inner instanceof z.ZodObject ? (inner.shape as Record<string, z.ZodType>)[head] : undefined;
  if (child === undefined) throw new Error(`the schema has no key ${path.join(".")}`);
  return docsAt(child, rest);
}

function typeName(shape: Shape): string {
  switch (shape.kind) {
    case "choice":
      return shape.values.join(" or ");
    case "number":
      return shape.integer ? "integer" : "number";
    case "boolean":
      return "true or false";
    case "list":
      return shape.item.kind === "map" ? "list of maps" : `list of ${typeName(shape.item)}s`;
    case "duration":
    case "size":
    case "secret":
    case "scope":
    case "text":
    case "path":
    case "map":
      return shape.kind;
    case "record":
      return "map by name";
  }
}

function renderDefault({ fallback, optional }: Shape): string {
  if (fallback === undefined) return optional === true ? "none" : "required";
  return code(typeof fallback === "string" ? fallback : JSON.stringify(fallback));
}

function renderReserved(): string {
  const list = reservedVariables.map((name) => `- ${code(name)}`).join("\n");
  return `## Variables that are no configuration

An unknown variable that begins with \`MAHAVISHNU_\` is an error. Left alone are variables that a secret reference names,
and these:

${list}`;
}

function renderNotBuilt(): string {
  const list = Object.entries(notBuiltConfig).map(
    ([name, sentence]) => `- ${code(name.replace("=", ": "))}: ${sentence}.`,
  );
  return `## Refused in this version

These are planned. Until they exist they are refused, never ignored:

${list.join("\n")}`;
}

function code(text: string): string {
  return `\`${text}\``;
}

function escapeCell(text: string): string {
  return text.replaceAll("|", "\\|");
}
