import type { FastifyInstance } from "fastify";
import { MahavishnuError } from "../../lib/errors.ts";
import type { Log } from "../../lib/log.ts";

/**
 * Logs each request that fails by a fault of the server itself, with its stack: the caller hears only that it happened. What the
 * product foresaw is told to the caller, and who has gone has made no fault.
 */
export function tellFaults(server: FastifyInstance, log: Log): void {
  server.addHook("onError", async ({ id }, { raw }, error) => {
    const { statusCode = 500 } = error as { readonly statusCode?: number };
    if (error instanceof MahavishnuError || statusCode < 500 || raw.destroyed) return;
    log.error("a request has failed", { requestId: id, error });
  });
}
