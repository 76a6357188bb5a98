import { isUtf8 } from "node:buffer";
import type { FastifyInstance } from "fastify";
import { MahavishnuError } from "../../lib/errors.ts";

/** How deep arrays and objects of a body may lie in each other. */
export const maxDepth = 64;

/**
 * Reads bodies: JSON alone, so that a form of another page cannot send one without being asked; in valid UTF-8; not deep enough to
 * exhaust a stack; without keys that would change a prototype.
 */
export function registerJsonParser(server: FastifyInstance): void {
  server.removeContentTypeParser("text/plain");
  const parse = server.getDefaultJsonParser("error", "error");
  server.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    const encoding = request.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      return done(new MahavishnuError("BODY_TYPE", "a body is sent without a content-encoding"));
    }
    if (!isUtf8(body)) return done(new MahavishnuError("USAGE", "a body is UTF-8"));
    if (isDeeper(body, maxDepth)) {
      return done(new MahavishnuError("USAGE", `a body is nested at most ${maxDepth} deep`));
    }
    // The framework's own parser is made for this place, and its type for any.
    return void parse(request, body.toString("utf8"), done);
  });
}

const [quote, backslash, openArray, closeArray, openObject, closeObject] = Buffer.from('"\\[]{}');

/** Whether JSON is nested deeper than a bound; found without parsing it, in one pass. What is no JSON gives either answer. */
export function isDeeper(text: Uint8Array, bound: number): boolean {
  let depth = 0;
  let isInText = false;
  for (let n = 0; n < text.length; n += 1) {
    const byte = text[n];
    if (isInText) {
      if (byte === backslash) n += 1;
      else if (byte === quote) isInText = false;
    } else if (byte === quote) isInText = true;
    else if (byte === openArray || byte === openObject) {
      depth += 1;
      if (depth > bound) return true;
    } else if (byte === closeArray || byte === closeObject) depth -= 1;
  }
  return false;
}
