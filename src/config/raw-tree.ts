/** A configuration as it is written: maps, lists and scalars, not yet checked. */
export interface RawTree {
  readonly [key: string]: unknown;
}

/** Whether a value is a map, and neither a list nor a scalar. */
export function isTree(value: unknown): value is RawTree {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/**
 * Lays a tree over another: maps are merged key by key, everything else (lists too) is replaced whole.
 *
 * @example
 * mergeTrees({ a: { b: 1, c: 2 } }, { a: { c: 3 } }); // { a: { b: 1, c: 3 } }
 */
export function mergeTrees(low: RawTree, high: RawTree): RawTree {
  const merged = new Map(Object.entries(low));
  for (const [key, value] of Object.entries(high)) {
    const below = merged.get(key);
    merged.set(key, isTree(below) && isTree(value) ? mergeTrees(below, value) : value);
  }
  // `fromEntries` makes `__proto__` a key like any other.
  return Object.fromEntries(merged);
}

/** The value at a path, or undefined. */
export function valueIn(tree: RawTree, path: readonly string[]): unknown {
  let at: unknown = tree;
  for (const key of path) {
    if (!isTree(at) || !Object.hasOwn(at, key)) return undefined;
    at = at[key];
  }
  return at;
}

/** A tree that holds one value at a path. */
export function treeOf(path: readonly string[], value: unknown): RawTree {
  const [head = "", ...rest] = path;
  return Object.fromEntries([[head, rest.length === 0 ? value : treeOf(rest, value)]]);
}
