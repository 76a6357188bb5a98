import type { Operation } from "../operations/operation.ts";

/**
 * Tells which methods an address answers to, as an `Allow` header names them; empty where there is nothing at all.
 *
 * @example
 * findMethods(operations)("/v1/runs/k3v9"); // "GET, HEAD"
 */
export function findMethods(operations: readonly Operation[]): (pathname: string) => string {
  const places = new Map<string, { readonly parts: readonly string[]; readonly methods: string[] }>();
  for (const { path, method, events } of operations) {
    const place = places.get(path) ?? { parts: path.split("/"), methods: [] };
    // A stream has no answer that one could look at without reading it.
    place.methods.push(...(method === "GET" && events === null ? ["GET", "HEAD"] : [method]));
    places.set(path, place);
  }
  return (pathname) => {
    const asked = pathname.split("/");
    const fits = (part: string, n: number): boolean => part.startsWith("{") || part === asked[n];
    // The more exact one comes first, as where requests are answered.
    const [found] = [...places.values()]
      .filter(({ parts }) => parts.length === asked.length && parts.every(fits))
      .toSorted((a, b) => holes(a.parts) - holes(b.parts));
    return found === undefined ? "" : [...new Set(found.methods)].join(", ");
  };
}

function holes(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith("{")).length;
}
