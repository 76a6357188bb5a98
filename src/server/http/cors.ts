import cors from "@fastify/cors";
import type { FastifyInstance } from "fastify";

const allowed = {
  methods: ["GET", "POST", "DELETE"],
  allowedHeaders: ["authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "last-event-id"],
  exposedHeaders: ["etag", "location", "ratelimit", "ratelimit-policy", "retry-after", "x-request-id"],
  /** Never cookies: a token is shown, or nothing. */
  credentials: false,
  /** Seconds. */
  maxAge: 600,
  strictPreflight: true,
};

/**
 * Lets pages of the named origins ask from a browser. Any other page is told nothing: its browser asks before, and gets the answer of a
 * stranger.
 */
export function registerCors(server: FastifyInstance, origins: readonly string[]): void {
  if (origins.length === 0) return;
  server.register(cors, {
    // By itself the plug-in tells every origin what is allowed to some.
    delegator: ({ headers }, done) => {
      const isNamed = headers.origin !== undefined && origins.includes(headers.origin);
      done(null, { ...allowed, origin: isNamed ? [...origins] : false });
    },
  });
}
