import { glob, readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";
import { parseSync } from "rolldown/utils";
import { orderByNeeds } from "../../src/lib/graph.ts";

/** Files of src/ by their path from the checkout's root, each with the files that it imports. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

const root = join(import.meta.dirname, "../..");

/** The rooms, lowest floor first. A file may import from its own room and from those before it. */
export const rooms: readonly string[] = [
  "lib",
  "client",
  "selectors",
  "config",
  "store",
  "telemetry",
  "access",
  "repositories",
  "workflows",
  "engine",
  "actions",
  "adapters",
  "app",
  "readiness",
  "server",
  "cli",
];

/** Reads the imports of every file of src/ that is not a test: static, dynamic, re-exports and types alike. */
export async function readImportGraph(): Promise<ImportGraph> {
  const graph = new Map<string, string[]>();
  for await (const path of glob("src/**/*.ts", { cwd: root })) {
    const file = path.replaceAll(sep, "/");
    if (file.endsWith(".test.ts")) continue;
    const text = await readFile(join(root, file), "utf8");
    graph.set(file, readImports(file, text));
  }
  return graph;
}

/** Imports from a room above, as `file -> file`. */
export function findUpwardImports(graph: ImportGraph): string[] {
  const floorOf = (file: string): number => rooms.indexOf(file.split("/")[1] ?? "");
  return [...graph].flatMap(([file, imports]) =>
    imports.filter((target) => floorOf(target) > floorOf(file)).map((target) => `${file} -> ${target}`),
  );
}

/** The first circle of imports, its first file also last; empty when there is none. */
export function findCircle(graph: ImportGraph): readonly string[] {
  const found = orderByNeeds([...graph.keys()], (file) => graph.get(file) ?? []);
  return "circle" in found ? found.circle : [];
}

/** Every relative import of a file, resolved; imports of packages and of Node are of no concern here. */
function readImports(file: string, text: string): string[] {
  const sources = new Set<string>();
  collectSources(parseSync(file, text).program, sources);
  return [...sources]
    .filter((source) => source.startsWith("."))
    .map((source) => relative(root, join(root, dirname(file), source)).replaceAll(sep, "/"));
}

const importing = new Set([
  "ImportDeclaration",
  "ExportNamedDeclaration",
  "ExportAllDeclaration",
  "ImportExpression",
  "TSImportType",
]);

function collectSources(node: unknown, sources: Set<string>): void {
  if (typeof node !== "object" || node === null) return;
  if ("type" in node && importing.has(String(node.type)) && "source" in node) {
    const { source } = node;
    if (typeof source === "object" && source !== null && "value" in source) sources.add(String(source.value));
  }
  for (const child of Object.values(node)) collectSources(child, sources);
}
