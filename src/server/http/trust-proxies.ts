import { isIP } from "node:net";
import type { FastifyInstance } from "fastify";

/**
 * Reads what proxies say of a request (`X-Forwarded-For`, `X-Forwarded-Proto`) before anybody asks for it. Whose word counts is for
 * the framework to decide, by `trustProxy`; here everything goes that is no address, with what stands before it: it came from the client.
 */
export function readForwarded(server: FastifyInstance): void {
  server.addHook("onRequest", async ({ headers }) => {
    const chain = headers["x-forwarded-for"];
    if (chain === undefined) return;
    const addresses = String(chain)
      .split(",")
      .map((part) => part.trim());
    const known = addresses.slice(addresses.findLastIndex((address) => isIP(address) === 0) + 1);
    // Without any, the request is that of the proxy.
    if (known.length === 0) delete headers["x-forwarded-for"];
    else headers["x-forwarded-for"] = known.join(", ");
  });
}
