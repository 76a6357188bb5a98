import type { FastifyInstance, FastifyRequest } from "fastify";
import { quoteClaim } from "../../access/authentication-error.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { RefusalTrail } from "../callers/refusal-trail.ts";

/** What tells our own names from those of others. */
export interface HostRules {
  /** `server.host`: a name or an address. */
  readonly host: string;
  /** `server.publicUrl`: an origin. */
  readonly publicUrl?: string | undefined;
  /** `server.cors`: origins whose pages may ask. */
  readonly cors: readonly string[];
  /** Whether only this machine can connect. */
  readonly isLoopback: boolean;
  readonly hasTls: boolean;
  /** Whether callers show tokens. Without, a page of another origin could act as whoever looks at it. */
  readonly hasAuth: boolean;
  readonly refusals: RefusalTrail;
}

/**
 * On a loopback address, answers only to names of this machine: a page that makes a name of its own lead here (DNS rebinding) is refused.
 * Where nobody has to show a token, pages of other origins are refused too.
 */
export function registerHostCheck(server: FastifyInstance, rules: HostRules): void {
  const { host, publicUrl, isLoopback, hasTls, hasAuth, cors, refusals } = rules;
  if (!isLoopback) return;
  const own = new Set(["localhost", "127.0.0.1", "[::1]", host.includes(":") ? `[${host}]` : host.toLowerCase()]);
  if (publicUrl !== undefined) own.add(new URL(publicUrl).hostname);
  const origins = new Set([...cors, ...(publicUrl === undefined ? [] : [new URL(publicUrl).origin])]);
  const scheme = hasTls ? "https" : "http";

  const refuse = async (request: FastifyRequest, error: MahavishnuError, reason: string): Promise<never> => {
    await refusals.note(request, error, reason);
    throw error;
  };

  server.addHook("onRequest", async (request) => {
    const { host: named = "", origin } = request.headers;
    if (!own.has(nameOf(named))) {
      const error = new MahavishnuError("REQUEST_MISDIRECTED", "this server does not answer to that name", {
        fix: "Ask it as localhost, or set server.publicUrl to the name that it is reached by.",
      });
      await refuse(request, error, `the Host header names ${quoteClaim(named)}`);
    }
    if (hasAuth || origin === undefined || origin === `${scheme}://${named.toLowerCase()}` || origins.has(origin))
      return;
    const error = new MahavishnuError("ACCESS_DENIED", "a page of another origin may not ask", {
      fix: "Set auth.enabled: true, or add the origin to server.cors.",
    });
    await refuse(request, error, `a page of ${quoteClaim(origin)} has asked`);
  });
}

/** The name of a Host header, in lower case; empty when it has no such form. */
function nameOf(host: string): string {
  return /^([\w.-]+|\[[\da-f:.]+\])(?::\d{1,5})?$/i.exec(host)?.[1]?.toLowerCase() ?? "";
}
