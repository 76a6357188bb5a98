import type { FastifyInstance } from "fastify";

/**
 * Tells which methods an address answers to, as an `Allow` header names them; empty where there is nothing at all. It knows the routes
 * that are added after it has been called.
 *
 * @example
 * const methodsOf = watchMethods(server);
 * methodsOf("/v1/runs/k3v9"); // "GET, HEAD"
 */
export function watchMethods(server: FastifyInstance): (pathname: string) => string {
  const places = new Map<string, { readonly parts: readonly string[]; readonly methods: Set<string> }>();
  server.addHook("onRoute", ({ url, method }) => {
    const place = places.get(url) ?? { parts: url.split("/"), methods: new Set() };
    for (const each of [method].flat()) place.methods.add(each);
    places.set(url, place);
  });
  return (pathname) => {
    const asked = pathname.split("/");
    const fits = (part: string, n: number): boolean => part.startsWith(":") || part === asked[n];
    // The more exact one comes first, as where requests are answered.
    const [found] = [...places.values()]
      .filter(({ parts }) => parts.length === asked.length && parts.every(fits))
      .toSorted((a, b) => holes(a.parts) - holes(b.parts));
    return found === undefined ? "" : [...found.methods].toSorted().join(", ");
  };
}

function holes(parts: readonly string[]): number {
  return parts.filter((part) => part.startsWith(":")).length;
}
