/** Nodes in an order in which every node comes after what it needs, or the first circle found. */
export type Order<T> = { readonly order: readonly T[] } | { readonly circle: readonly T[] };

/**
 * Orders nodes so that each comes after what it needs (Kahn's algorithm; ties keep the given order).
 * Needs that are not among the nodes are ignored.
 *
 * @example
 * orderByNeeds(["b", "a"], (n) => (n === "b" ? ["a"] : [])); // { order: ["a", "b"] }
 */
export function orderByNeeds<T>(nodes: readonly T[], needsOf: (node: T) => readonly T[]): Order<T> {
  const missing = new Map<T, number>();
  const dependents = new Map<T, T[]>();
  const known = new Set(nodes);
  for (const node of known) {
    const needs = new Set(needsOf(node).filter((need) => known.has(need)));
    missing.set(node, needs.size);
    for (const need of needs) {
      const list = dependents.get(need);
      if (list === undefined) dependents.set(need, [node]);
      else list.push(node);
    }
  }
  const position = new Map([...known].map((node, index) => [node, index] as const));
  const order: T[] = [];
  let layer = [...known].filter((node) => missing.get(node) === 0);
  while (layer.length > 0) {
    const next: T[] = [];
    for (const node of layer) {
      order.push(node);
      for (const dependent of dependents.get(node) ?? []) {
        const left = (missing.get(dependent) ?? 0) - 1;
        missing.set(dependent, left);
        if (left === 0) next.push(dependent);
      }
    }
    layer = next.toSorted((a, b) => (position.get(a) ?? 0) - (position.get(b) ?? 0));
  }
  if (order.length === known.size) return { order };
  return {
    circle: findCircle(
      [...known].filter((node) => (missing.get(node) ?? 0) > 0),
      needsOf,
    ),
  };
}

/** Walks needs inside a set where every node needs another one of it, until one comes again. */
function findCircle<T>(stuck: readonly T[], needsOf: (node: T) => readonly T[]): T[] {
  const inside = new Set(stuck);
  const path: T[] = [];
  let node = stuck[0];
  while (node !== undefined && !path.includes(node)) {
    path.push(node);
    node = needsOf(node).find((need) => inside.has(need));
  }
  return node === undefined ? path : [...path.slice(path.indexOf(node)), node];
}
