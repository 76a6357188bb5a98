import type { FastifyInstance, FastifyRequest } from "fastify";
import { MahavishnuError } from "../../lib/errors.ts";

const maxHeaders = 100;
/** Of these one alone can count, and whoever reads another one than we do would be led astray. */
const single = new Set(["host", "authorization", "origin", "content-type", "content-length", "transfer-encoding"]);

/**
 * Refuses requests of a form that no client of ours sends, and that would mean one thing to a proxy and another one here: what the
 * parser of Node lets pass.
 */
export function registerRequestForm(server: FastifyInstance): void {
  server.addHook("onRequest", async (request) => {
    if (request.method === "TRACE") throw new MahavishnuError("METHOD_NOT_ALLOWED", "TRACE is not answered");
    const problem = findProblem(request);
    if (problem !== undefined) throw new MahavishnuError("USAGE", problem);
  });
}

function findProblem({ raw, params, is404 }: FastifyRequest): string | undefined {
  if (raw.url?.startsWith("/") !== true) return "the target of a request is a path";
  const { rawHeaders } = raw;
  if (raw.headers.host === undefined) return "a request names its host";
  if (rawHeaders.length > 2 * maxHeaders) return `a request has at most ${maxHeaders} headers`;
  const seen = new Set<string>();
  for (let n = 0; n < rawHeaders.length; n += 2) {
    const name = (rawHeaders[n] ?? "").toLowerCase();
    if (!single.has(name)) continue;
    if (seen.has(name)) return `a request has one ${name} header`;
    seen.add(name);
  }
  const isOdd = !is404 && Object.values(params as Readonly<Record<string, string>>).some(isOddPart);
  return isOdd ? "a part of the path holds control characters, a backslash, or the name of a folder above" : undefined;
}

/** Parts of a path come decoded: `%2e%2e%2f` is `../` here. */
function isOddPart(part: string): boolean {
  return /[\p{Cc}\\]/u.test(part) || part.split("/").some((segment) => segment === "." || segment === "..");
}
