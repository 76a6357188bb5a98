import type { FastifyRequest } from "fastify";
import type { Authenticated, Authenticator } from "../../access/authenticator.ts";
import { AuthenticationError } from "../../access/authentication-error.ts";

/** The one form of the header that counts; the scheme is written in any case (RFC 9110), the token is one word (RFC 6750). */
const form = /^bearer +([\w.~+/-]+=*)$/i;

/**
 * Who shows the token of a request.
 *
 * @throws AuthenticationError when there is none, or it does not count.
 */
export async function authenticateBearer(
  request: FastifyRequest,
  authenticator: Authenticator,
): Promise<Authenticated> {
  const { authorization } = request.headers;
  if (authorization === undefined) throw new AuthenticationError("no token was shown");
  const bearer = form.exec(authorization)?.[1];
  if (bearer === undefined) throw new AuthenticationError("the Authorization header is not of the form Bearer TOKEN");
  return await authenticator.authenticate(bearer, request.ip);
}
