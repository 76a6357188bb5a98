import type { FastifyInstance, FastifyRequest } from "fastify";
import { quoteClaim } from "../../access/authentication-error.ts";
import { MahavishnuError } from "../../lib/errors.ts";
import type { Cookies } from "./cookies.ts";
import type { RefusalTrail } from "../callers/refusal-trail.ts";

/** What tells our own pages from those of others. */
export interface OwnOrigin {
  /** `server.publicUrl`: an origin. */
  readonly publicUrl: string | undefined;
  readonly hasTls: boolean;
}

/** What an origin check is made of. */
export interface OriginCheckParts {
  readonly own: OwnOrigin;
  readonly cookies: Cookies;
  readonly refusals: RefusalTrail;
}

/** Whether browsers come over https: to this server, or to what stands before it. */
export function isReachedSecurely({ publicUrl, hasTls }: OwnOrigin): boolean {
  return publicUrl === undefined ? hasTls : new URL(publicUrl).protocol === "https:";
}

/** The origin under which a browser has reached this server; a name that is none of ours is refused elsewhere, or by the issuer. */
export function ownOriginOf({ headers, protocol }: FastifyRequest, { publicUrl, hasTls }: OwnOrigin): string {
  if (publicUrl !== undefined) return new URL(publicUrl).origin;
  const url = URL.parse(`${hasTls || protocol === "https" ? "https" : "http"}://${headers.host ?? ""}`);
  if (url !== null && url.pathname === "/" && url.username === "" && url.search === "" && url.hash === "")
    return url.origin;
  throw new MahavishnuError("REQUEST_MISDIRECTED", "this server does not answer to that name");
}

/**
 * A browser shows the cookie of a session whoever makes it ask, so what changes something is done for our own pages alone: the browser
 * has to say that one of them asks, and the body must be JSON, which no form can send.
 */
export function registerOriginCheck(server: FastifyInstance, { own, cookies, refusals }: OriginCheckParts): void {
  server.addHook("onRequest", async (request) => {
    const { method, headers } = request;
    if (method === "GET" || method === "HEAD" || method === "OPTIONS") return;
    // The page's own button is a form; it can do nothing else than sign out.
    const isForm = request.routeOptions.url === "/logout";
    if ((headers.authorization !== undefined && !isForm) || cookies.read(request, "session") === undefined) return;
    const problem = findProblem(request, ownOriginOf(request, own)) ?? (isForm ? null : findBodyProblem(request));
    if (problem === null) return;
    const error = new MahavishnuError("ACCESS_DENIED", "a page of another origin may not act for who is signed in", {
      fix: "Ask from a page of this server with a JSON body, or show a token instead of a session.",
    });
    await refusals.note(request, error, problem);
    throw error;
  });
}

function findProblem({ headers }: FastifyRequest, own: string): string | null {
  const site = headers["sec-fetch-site"];
  if (site !== undefined) return site === "same-origin" ? null : `a ${quoteClaim(site)} page has shown a session`;
  if (headers.origin === own) return null;
  return headers.origin === undefined
    ? "a session was shown, and the browser does not say whose page has asked"
    : `a page of ${quoteClaim(headers.origin)} has shown a session`;
}

/** What a DELETE asks for stands in its path: no form can send one. */
function findBodyProblem({ method, headers }: FastifyRequest): string | null {
  const [type = ""] = (headers["content-type"] ?? "").split(";");
  if (method === "DELETE" || type.trim().toLowerCase() === "application/json") return null;
  return "a session was shown with a body that is no JSON";
}
