import type { FastifyInstance } from "fastify";

const always = {
  // Answers are data: whatever a browser makes of them, it may load nothing and show them in no frame.
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
} as const;

/** Headers of every answer, unless a route says otherwise. */
export function secureHeaders(hasTls: boolean): Readonly<Record<string, string>> {
  return hasTls ? { ...always, "strict-transport-security": "max-age=31536000" } : always;
}

/** Sets them before anything else happens, so that refusals have them too. */
export function registerSecureHeaders(server: FastifyInstance, hasTls: boolean): void {
  const headers = secureHeaders(hasTls);
  server.addHook("onRequest", async (_request, reply) => {
    reply.headers(headers);
  });
}
