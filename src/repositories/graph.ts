/** What the graph knows of a repository. */
export interface GraphRepository {
  readonly name: string;
  readonly role?: string | null;
  readonly needs: readonly string[];
}

/** What `repos graph` can write. */
export const graphFormats = ["text", "dot", "mermaid", "json"] as const;

/** A form of the graph of needs. */
export type GraphFormat = (typeof graphFormats)[number];

/** The graph as data: an edge goes from a repository to one that it needs. */
export interface NeedsGraph {
  readonly repositories: readonly { readonly name: string; readonly role: string | null }[];
  readonly needs: readonly { readonly from: string; readonly to: string }[];
}

/** The graph of needs among the given repositories; needs of others are left out. */
export function makeGraph(repositories: readonly GraphRepository[]): NeedsGraph {
  const inside = new Set(repositories.map(({ name }) => name));
  return {
    repositories: repositories.map(({ name, role }) => ({ name, role: role ?? null })),
    needs: repositories.flatMap(({ name, needs }) =>
      needs.filter((need) => inside.has(need)).map((to) => ({ from: name, to })),
    ),
  };
}

/**
 * Writes the graph of needs.
 *
 * @example
 * renderGraph(fleet.repositories, "mermaid");
 */
export function renderGraph(repositories: readonly GraphRepository[], format: GraphFormat): string {
  const graph = makeGraph(repositories);
  switch (format) {
    case "text":
      return renderTree(graph);
    case "dot":
      return renderDot(graph);
    case "mermaid":
      return renderMermaid(graph);
    case "json":
      return JSON.stringify(graph, undefined, 2);
  }
}

/** Trees from the repositories that nobody needs down to those that need nobody. What was shown before is not unfolded again. */
function renderTree({ repositories, needs }: NeedsGraph): string {
  const needed = new Set(needs.map(({ to }) => to));
  const children = Map.groupBy(needs, ({ from }) => from);
  const lines: string[] = [];
  const shown = new Set<string>();
  // A stack instead of recursion: a chain of needs may be as long as the fleet.
  const waiting = repositories
    .filter(({ name }) => !needed.has(name))
    .map(({ name }) => ({ name, head: "", margin: "" }))
    .toReversed();
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    const { name, head, margin } = next;
    const below = (children.get(name) ?? []).map(({ to }) => to);
    const again = shown.has(name) && below.length > 0;
    lines.push(`${head}${name}${again ? " (see above)" : ""}`);
    shown.add(name);
    if (again) continue;
    const entries = below.map((child, index) => {
      const isLast = index === below.length - 1;
      return { name: child, head: `${margin}${isLast ? "`- " : "|- "}`, margin: `${margin}${isLast ? "   " : "|  "}` };
    });
    waiting.push(...entries.toReversed());
  }
  return lines.join("\n");
}

function renderDot({ repositories, needs }: NeedsGraph): string {
  const nodes = repositories.map(
    ({ name, role }) => `  ${quoteDot(name)}${role === null ? "" : ` [group=${quoteDot(role)}]`};`,
  );
  const edges = needs.map(({ from, to }) => `  ${quoteDot(from)} -> ${quoteDot(to)};`);
  return ["digraph needs {", "  rankdir=LR;", ...nodes, ...edges, "}"].join("\n");
}

function quoteDot(text: string): string {
  return `"${text.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}

/** Mermaid gives some words a meaning, so its nodes get ids of their own and names are labels. */
function renderMermaid({ repositories, needs }: NeedsGraph): string {
  const ids = new Map(repositories.map(({ name }, index) => [name, `r${index}`] as const));
  const nodes = repositories.map(({ name }) => `  ${ids.get(name)}["${name}"]`);
  const edges = needs.map(({ from, to }) => `  ${ids.get(from)} --> ${ids.get(to)}`);
  return ["graph LR", ...nodes, ...edges].join("\n");
}
