import { makeManifestJsonSchema } from "./json-schema.ts";

/** The parts of a JSON Schema that the page shows. */
interface SchemaNode {
  readonly type?: string;
  readonly const?: unknown;
  readonly pattern?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: SchemaNode | false;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
}

/** The reference page of repos.yaml, as Markdown; made from its schema. */
export function renderManifestReference(): string {
  const rows = listKeys(makeManifestJsonSchema() as SchemaNode, "").map(
    ({ path, type, description }) => `| \`${path}\` | ${type} | ${description} |`,
  );
  return `# repos.yaml

The manifest lists the repositories of a fleet. It is YAML 1.2; an unknown key is an error that names the line.

\`\`\`yaml
# yaml-language-server: $schema=./schemas/repos.v1.json
version: 1
root: ~/src/acme
roles:
  library: { description: published packages }
  service: { description: deployed processes, limits: { timeout: 30m } }
repos:
  auth-lib: { role: library, tags: [lang/ts, team/identity] }
  gateway:
    url: git@git.example.test:acme/gateway.git
    path: edge/gateway
    role: service
    tags: [lang/ts, team/edge]
    needs: [auth-lib]
    env: { PORT: "8080" }
  legacy-billing: { role: service, tags: [lang/java, frozen], optional: true }
selectors:
  tsServices: role:service && tag:lang/ts && !tag:frozen
import: [./teams/*.repos.yaml]
\`\`\`

## Keys

| key | value | meaning |
|---|---|---|
${rows.join("\n")}

## Rules

- **Names** are unique over all files of a fleet, also apart from upper and lower case.
- **Imports** are read once each, in order; a circle of imports is an error. Roles, repositories and selectors of all files
  form one fleet.
- **Needs** order repositories. A circle is an error that prints it: \`a -> b -> a\`.
- **Paths** lie under the root of the manifest that was named, symbolic links resolved. \`repos check\` names those that do
  not, and nothing is run on them.
- **URLs** use ssh, https, http, git or file. URLs that make git run a program are refused.
`;
}

interface KeyRow {
  readonly path: string;
  readonly type: string;
  readonly description: string;
}

function listKeys(schema: SchemaNode, parent: string): KeyRow[] {
  const node = unwrap(schema);
  const own = Object.entries(node.properties ?? {}).flatMap(([name, child]) => {
    const path = parent === "" ? name : `${parent}.${name}`;
    const required = node.required?.includes(name) === true ? " Required." : "";
    const row = { path, type: describeType(child), description: `${child.description ?? ""}${required}` };
    return [row, ...listKeys(child, path)];
  });
  const any = node.additionalProperties;
  return typeof any === "object" && unwrap(any).properties !== undefined
    ? [...own, ...listKeys(any, `${parent}.NAME`)]
    : own;
}

/** The branch of a nullable value that is not null. */
function unwrap(schema: SchemaNode): SchemaNode {
  return schema.anyOf?.find(({ type }) => type !== "null") ?? schema;
}

function describeType(schema: SchemaNode): string {
  const { const: only, type, items, additionalProperties, properties, pattern } = unwrap(schema);
  if (only !== undefined) return `\`${JSON.stringify(only)}\``;
  if (type === "array") return `list of ${items === undefined ? "values" : describeType(items)}s`;
  if (type === "object" && properties === undefined && typeof additionalProperties === "object") {
    return unwrap(additionalProperties).type === "object" ? "map by name" : "map of texts";
  }
  if (type === "object") return "map";
  if (type === "string") return pattern?.includes("ms|s|m|h|d") === true ? "duration" : "text";
  return type === "boolean" ? "true or false" : (type ?? "value");
}
